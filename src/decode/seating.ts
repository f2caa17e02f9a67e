import type { BundleSink, End } from '../collector.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Window } from '../model/flow.ts';
import { within } from '../model/group.ts';
import type { Seat } from './bundle.ts';

/** Stands for all ends of one workload that are alike, within the times at which it is its own. */
interface Role extends Window {
  readonly number: number;
}

/** What the format said of an end. */
export interface SeatedPart {
  readonly value: unknown;
  /** Null if nobody else may stand for it. */
  readonly end: End | null;
  /** The numbers of its seats. */
  readonly seats: number[];
}

const NO_SEAT = { seat: 0, role: -1, workload: -1 } as const;
const ALWAYS: Window = { from: -Infinity, until: Infinity };

/**
 * Who the ends of records are, and within which times: their seats. Ends whose workload is the same, and that are alike, have a role, for which any of them stands. Whoever shares a name with another
 * workload's has none.
 */
export class Seating {
  readonly #kernel: Kernel;
  readonly #seats: Seat[] = [];
  /** What a part says that stands for its role. */
  readonly #values: unknown[] = [];
  readonly #roles = new Map<string, Role[]>();
  readonly #workloads = new Map<string, number>();
  /** Entries of ends that have a seat. */
  readonly #seated = new Set<number>();
  /** Ends by their address, and by their pod's name: two workloads that share one may be the same pod, which their form would not show. */
  readonly #byName = new Map<string, { readonly workload: string; readonly entries: Set<number> } | 'shared'>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** What is said by whoever stands for a role. */
  valueOf(role: number): unknown {
    return this.#values[role];
  }

  /** Says who an end, a part of a group, is around a time. */
  seat(entry: number, group: number, { value, end, seats }: SeatedPart, time: number, sink: BundleSink): void {
    const kernel = this.#kernel;
    // It was seen as who it was until now.
    this.#handOnSeen(entry, sink);
    const { workload, from, until } = end === null ? { workload: null, ...ALWAYS } : sink.roleOf(end.endpoint, time);
    if (end === null || workload === null) return kernel.seat(entry, { ...NO_SEAT, from, until });
    let seat = seats.find((known) => this.#seats[known]!.from === from);
    if (seat === undefined) seats.push((seat = this.#seats.push({ end: end.endpoint, from, until }) - 1));
    this.#seated.add(entry);
    const number = within(this.#workloads, workload, () => this.#workloads.size);
    const { address, namespace, pod } = end.endpoint;
    const names = [address, pod === null ? null : `${namespace}/${pod}`].filter((name) => name !== null);
    if (!names.map((name) => this.#isOnlyOf(name, workload, entry)).every(Boolean)) return kernel.seat(entry, { seat, role: -1, workload: number, from, until });
    // An end that shares nothing stands for all: no two roles are ever shown by the same address or pod.
    const roles = within(this.#roles, `${group} ${number} ${end.likeness}`, (): Role[] => []);
    let role = roles.find((known) => known.from <= time && time <= known.until);
    if (role === undefined) roles.push((role = { number: this.#values.push(value) - 1, from, until }));
    kernel.seat(entry, { seat, role: role.number, workload: number, from: Math.max(from, role.from), until: Math.min(until, role.until) });
  }

  /** Whether a name is this workload's alone. If not, nobody who has it has a role from now on; until now there was no record of both. */
  #isOnlyOf(name: string, workload: string, entry: number): boolean {
    const known = within(this.#byName, name, () => ({ workload, entries: new Set<number>() }));
    if (known === 'shared') return false;
    if (known.workload === workload) {
      known.entries.add(entry);
      return true;
    }
    for (const other of known.entries) this.#kernel.loseRole(other);
    this.#byName.set(name, 'shared');
    return false;
  }

  /** Hands on when ends were seen. */
  flush(sink: BundleSink): void {
    for (const entry of this.#seated) this.#handOnSeen(entry, sink);
  }

  readonly #seen = { first: 0, last: 0 };

  #handOnSeen(entry: number, sink: BundleSink): void {
    this.#kernel.takeSeen(entry, this.#seen);
    const { first, last } = this.#seen;
    if (first <= last) sink.see(this.#seats[this.#kernel.seatOf(entry)]!.end, first, last);
  }
}
