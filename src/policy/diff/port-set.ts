import type { ContainerPort } from '../../model/inventory.ts';
import type { PolicyPort } from '../../model/policy.ts';
import { sameRanges, subtract, union, type Ranges } from './ranges.ts';

/** Ports of all protocols that policies know, on one line: the protocols lie one after the other. */
export type PortSet = Ranges<number>;

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const SPAN = 65_536;

export type PortProtocol = (typeof PROTOCOLS)[number];

/** Ports of one protocol, both ends included. */
export interface PortRange {
  readonly protocol: PortProtocol;
  readonly port: number;
  readonly endPort: number;
}

function place({ protocol, port, endPort }: PortRange): readonly [number, number] {
  const base = PROTOCOLS.indexOf(protocol) * SPAN;
  return [base + port, base + endPort + 1];
}

export const NO_PORTS: PortSet = [];
export const ALL_PORTS: PortSet = PROTOCOLS.map((protocol) => place({ protocol, port: 1, endPort: SPAN - 1 }));

export function portPlace(port: number, protocol: PortProtocol): number {
  return PROTOCOLS.indexOf(protocol) * SPAN + port;
}

/** The ports that a rule opens at a destination that calls its ports so; no entries at all mean every port. */
export function portsOpened(entries: readonly PolicyPort[], named: readonly ContainerPort[]): PortSet {
  if (entries.length === 0) return ALL_PORTS;
  return union(
    entries.map(({ protocol = 'TCP', port, endPort }): PortSet => {
      if (port === undefined) return [place({ protocol, port: 1, endPort: SPAN - 1 })];
      if (typeof port === 'number') return [place({ protocol, port, endPort: endPort ?? port })];
      return union(named.filter((one) => one.name === port && one.protocol === protocol).map((one) => [place({ protocol, port: one.port, endPort: one.port })]));
    }),
  );
}

export function portRanges(set: PortSet): readonly PortRange[] {
  return set.map(([from, to]) => {
    const index = Math.floor(from / SPAN);
    return { protocol: PROTOCOLS[index] ?? 'TCP', port: from - index * SPAN, endPort: to - 1 - index * SPAN };
  });
}

/** `80,443/TCP, 53/UDP`; `any port but 25/TCP`. Of many ranges the first are named, and the rest counted. */
export function portSetText(set: PortSet, most = 8): string {
  const missing = subtract(ALL_PORTS, set);
  if (missing.length === 0) return 'any port';
  return missing.length < set.length ? `any port but ${listed(missing, most)}` : listed(set, most);
}

function listed(set: PortSet, most: number): string {
  const shown = set.slice(0, most);
  const texts = PROTOCOLS.flatMap((protocol) => {
    const ranges = portRanges(shown).filter((range) => range.protocol === protocol);
    if (ranges.length === 0) return [];
    if (sameRanges(ranges.map(place), [place({ protocol, port: 1, endPort: SPAN - 1 })])) return [`any/${protocol}`];
    return [`${ranges.map(({ port, endPort }) => (port === endPort ? String(port) : `${port}-${endPort}`)).join(',')}/${protocol}`];
  });
  return `${texts.join(', ')}${set.length > most ? ` and ${set.length - most} more ranges` : ''}`;
}
