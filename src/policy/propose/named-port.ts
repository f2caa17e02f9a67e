import type { ContainerPort } from '../../model/inventory.ts';
import type { End, PolicyProtocol } from '../evaluate/evaluate.ts';

/**
 * The name by which a rule has to call a port of these pods: where they give one name to different numbers (two revisions of
 * a workload, as Services with a named targetPort allow), a number would open the wrong port on some of them. Null where the
 * number says it all.
 */
export function portName(pods: readonly { readonly ports: readonly ContainerPort[] }[], port: number, protocol: PolicyProtocol): string | null {
  const names = new Set(pods.flatMap(({ ports }) => ports.filter((own) => own.port === port && own.protocol === protocol).flatMap(({ name }) => name ?? [])));
  return [...names].toSorted().find((name) => numbersOf(pods, name, protocol).length > 1) ?? null;
}

/** The numbers that pods give to a name, sorted. */
export function numbersOf(pods: readonly { readonly ports: readonly ContainerPort[] }[], name: string, protocol: PolicyProtocol): readonly number[] {
  const numbers = pods.flatMap(({ ports }) => ports.filter((own) => own.name === name && own.protocol === protocol).map(({ port }) => port));
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

/** Those of a workload's pods that a connection to this port can have been to: not those that have its name at another number. */
export function serving(ends: readonly End[], port: number, protocol: PolicyProtocol): readonly End[] {
  // One alone was reached at this port, whatever it calls it.
  if (ends.length < 2) return ends;
  const pods = ends.flatMap((end) => (end.kind === 'pod' ? [end] : []));
  const name = portName(pods, port, protocol);
  if (name === null) return ends;
  return pods.filter((pod) => {
    const numbers = numbersOf([pod], name, protocol);
    return numbers.length === 0 || numbers.includes(port);
  });
}
