import type { AddressSet } from './address-set.ts';
import { NO_PORTS, type PortSet } from './port-set.ts';
import { subtract, union } from './ranges.ts';

/** Addresses with the ports that are open to them, or to which they are open. */
export interface Opening {
  readonly addresses: AddressSet;
  readonly ports: PortSet;
}

export interface OutsideChange {
  readonly change: 'appears' | 'vanishes';
  readonly addresses: AddressSet;
  readonly ports: PortSet;
}

/**
 * What appears and vanishes for addresses between two lists of openings, on the boundaries of their ranges: within one of
 * these parts every address is treated alike. Addresses with equal changes are one change.
 */
export function changesOutside(before: readonly Opening[], after: readonly Opening[]): readonly OutsideChange[] {
  const openings = [...before, ...after];
  const events: { readonly at: bigint; readonly opening: number; readonly begins: boolean }[] = [];
  for (const [opening, { addresses }] of openings.entries()) {
    for (const [from, to] of addresses) events.push({ at: from, opening, begins: true }, { at: to, opening, begins: false });
  }
  events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const open = new Set<number>();
  const portsOf = (of: readonly Opening[], from: number): PortSet => union(of.flatMap(({ ports }, i) => (open.has(i + from) ? [ports] : [])));
  const compared = new Map<string, readonly Omit<OutsideChange, 'addresses'>[]>();
  const parts = new Map<string, { readonly one: Omit<OutsideChange, 'addresses'>; readonly ranges: (readonly [bigint, bigint])[] }>();
  for (const [i, { at, opening, begins }] of events.entries()) {
    if (begins) open.add(opening);
    else open.delete(opening);
    const next = events[i + 1]?.at ?? at;
    if (next === at || open.size === 0) continue;
    const key = [...open].toSorted((a, b) => a - b).join();
    let changes = compared.get(key);
    if (changes === undefined) compared.set(key, (changes = portChanges(portsOf(before, 0), portsOf(after, before.length))));
    for (const one of changes) {
      const name = `${one.change} ${one.ports.join()}`;
      const part = parts.get(name) ?? { one, ranges: [] };
      parts.set(name, part);
      part.ranges.push([at, next]);
    }
  }
  return [...parts.values()].map(({ one, ranges }) => ({ ...one, addresses: union([ranges]) }));
}

/** What appears and vanishes between two sets of ports; nothing of either is left out. */
export function portChanges(before: PortSet, after: PortSet): readonly { readonly change: 'appears' | 'vanishes'; readonly ports: PortSet }[] {
  const changes = [
    { change: 'appears' as const, ports: after === before ? NO_PORTS : subtract(after, before) },
    { change: 'vanishes' as const, ports: after === before ? NO_PORTS : subtract(before, after) },
  ];
  return changes.filter(({ ports }) => ports.length > 0);
}
