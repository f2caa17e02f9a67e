import { WORLD, type AddressSet } from './address-set.ts';
import type { PortSet } from './port-set.ts';
import { isIn, subtract, union } from './ranges.ts';
import type { Openable } from './reach.ts';

export interface PortChange {
  readonly change: 'appears' | 'vanishes';
  readonly ports: PortSet;
}

export interface OutsideChange extends PortChange {
  readonly addresses: AddressSet;
}

/**
 * What appears and vanishes for addresses from one gate to another, on the boundaries of the ranges that they name: within one of
 * these parts every address is treated alike. Addresses with equal changes are one change.
 */
export function changesOutside(before: Openable, after: Openable): readonly OutsideChange[] {
  const ranges = [...before.ranges, ...after.ranges, WORLD];
  const events: { readonly at: bigint; readonly range: number; readonly begins: boolean }[] = [];
  for (const [range, addresses] of ranges.entries()) {
    for (const [from, to] of addresses) events.push({ at: from, range, begins: true }, { at: to, range, begins: false });
  }
  events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const open = new Set<number>();
  const compared = new Map<string, readonly PortChange[]>();
  const parts = new Map<string, { readonly one: PortChange; readonly found: (readonly [bigint, bigint])[] }>();
  for (const [i, { at, range, begins }] of events.entries()) {
    if (begins) open.add(range);
    else open.delete(range);
    const next = events[i + 1]?.at ?? at;
    if (next === at || open.size === 0) continue;
    const key = [...open].toSorted((a, b) => a - b).join();
    let changes = compared.get(key);
    if (changes === undefined) {
      changes = portChanges(
        before.ports((own) => open.has(own)),
        after.ports((own) => open.has(own + before.ranges.length)),
      );
      compared.set(key, changes);
    }
    for (const one of changes) {
      const name = `${one.change} ${one.ports.join()}`;
      const part = parts.get(name) ?? { one, found: [] };
      parts.set(name, part);
      part.found.push([at, next]);
    }
  }
  return [...parts.values()].map(({ one, found }) => ({ ...one, addresses: union([found]) }));
}

/** The ports that a gate opens to the address at this place. */
export function openAt({ ranges, ports }: Openable, place: bigint): PortSet {
  return ports((range) => isIn(place, ranges[range] ?? []));
}

const NO_CHANGES: readonly PortChange[] = [];

/** What appears and vanishes between two sets of ports; nothing of either is left out. */
export function portChanges(before: PortSet, after: PortSet): readonly PortChange[] {
  if (before === after) return NO_CHANGES;
  const changes: readonly PortChange[] = [
    { change: 'appears', ports: subtract(after, before) },
    { change: 'vanishes', ports: subtract(before, after) },
  ];
  return changes.filter(({ ports }) => ports.length > 0);
}
