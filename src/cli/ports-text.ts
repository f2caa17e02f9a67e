import type { PolicyPort } from '../model/policy.ts';

/** `8080/TCP, 9000-9010/TCP`; a rule that names no port is for all of them. */
export function portsText(ports: readonly PolicyPort[]): string {
  if (ports.length === 0) return 'any port';
  return ports.map(({ port, endPort, protocol }) => `${port ?? 'any'}${endPort === undefined ? '' : `-${endPort}`}/${protocol ?? 'TCP'}`).join(', ');
}
