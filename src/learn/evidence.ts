import { addTally, bitCount, DAY, emptyTally, showsConnection, SLOT, type CountedOperation, type Evidence, type Tally, type WitnessTally } from '../model/edge.ts';
import { witnessKey, type Witness } from '../model/flow.ts';
import type { StoredEdge, StoredPending } from './stored.ts';

interface Counted {
  readonly witness: Witness;
  readonly tally: Tally;
}

interface ViolationCount {
  readonly witnesses: Map<string, Counted>;
  readonly days: Map<number, number>;
}

/** Violations of an edge that were seen under one decision, or under none. */
export interface ViolationEvidence {
  readonly epoch: number;
  readonly witnesses: ReadonlyMap<string, WitnessTally>;
  readonly hours: number;
}

/** Gathers everything that is stored of one edge, under whatever names it was stored. */
export class EvidenceBuilder {
  readonly #witnesses = new Map<string, Counted>();
  readonly #days = new Map<number, number>();
  readonly #pods = new Map<string, Map<string, number>>();
  readonly #addresses = new Set<string>();
  readonly #operations = new Map<string, Map<string, number>>();
  readonly #slots = new Set<number>();
  readonly #byLabelsOnly = new Set<string>();
  readonly #violations = new Map<number, ViolationCount>();
  /** Failed slots that were seen while watching, with the latest revision at which they were. */
  readonly watchedSlots = new Map<number, number>();
  /** Rows of `edges` and of `pending` that the edge is made of. */
  readonly rows = new Set<number>();
  readonly pendingRows = new Set<number>();

  /** A row of the graph. Told by labels alone, it only backs what others show. */
  addEdge(edge: StoredEdge, byLabels: boolean): void {
    this.rows.add(edge.row);
    if (byLabels) {
      for (const { witness } of edge.witnesses) this.#byLabelsOnly.add(witnessKey(witness));
      return;
    }
    for (const { witness, tally } of edge.witnesses) this.#tally(witness, tally);
    for (const { day, hours } of edge.days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    for (const { pod, witness, opened } of edge.pods) bump(this.#pods, pod, witnessKey(witness), opened);
    for (const address of edge.addresses) this.#addresses.add(address);
    for (const { method, path, witness, count } of edge.operations) bump(this.#operations, `${method} ${path}`, witnessKey(witness), count);
    for (const { slot, watched } of edge.failedSlots) this.#failed(slot, watched);
    for (const { epoch, witness, day, hours, tally } of edge.violations) this.#violation(epoch, witness, day, hours, tally);
  }

  /** A minute that was settled just now. `epoch` is null if it violates nothing. */
  addPending(row: StoredPending, pod: string, addresses: readonly string[], watching: boolean, epoch: number | null): void {
    this.pendingRows.add(row.row);
    this.#tally(row.witness, row.tally);
    const day = Math.floor((row.minute * 60_000) / DAY);
    const hours = 1 << (Math.floor(row.minute / 60) % 24);
    this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    if (pod !== '' && row.tally.opened > 0) bump(this.#pods, pod, witnessKey(row.witness), row.tally.opened);
    for (const address of addresses) this.#addresses.add(address);
    for (const { method, path, count } of row.operations) bump(this.#operations, `${method} ${path}`, witnessKey(row.witness), count);
    if (row.tally.answered === 0) {
      this.#failed(Math.floor((row.minute * 60_000) / SLOT), watching ? row.revision : 0);
    }
    if (epoch !== null) this.#violation(epoch, row.witness, day, hours, row.tally);
  }

  /** Adds the edges of other clients: the connections of different clients are different connections. */
  addClient(other: EvidenceBuilder): void {
    for (const { witness, tally } of other.#witnesses.values()) this.#tally(witness, tally);
    for (const [day, hours] of other.#days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    for (const [key, counts] of other.#operations) for (const [witness, count] of counts) bump(this.#operations, key, witness, count);
    for (const row of other.rows) this.rows.add(row);
    for (const row of other.pendingRows) this.pendingRows.add(row);
    for (const [epoch, { witnesses, days }] of other.#violations) {
      const own = this.#violationsOf(epoch);
      for (const { witness, tally } of witnesses.values()) addTo(own.witnesses, witness, tally);
      for (const [day, hours] of days) own.days.set(day, (own.days.get(day) ?? 0) | hours);
    }
  }

  showsConnection(): boolean {
    return [...this.#witnesses.values()].some(({ tally }) => showsConnection(tally));
  }

  get addressCount(): number {
    return this.#addresses.size;
  }

  addAddress(address: string): void {
    this.#addresses.add(address);
  }

  #failed(slot: number, watched: number): void {
    this.#slots.add(slot);
    if (watched > 0) this.watchedSlots.set(slot, Math.max(watched, this.watchedSlots.get(slot) ?? 0));
  }

  #tally(witness: Witness, more: Tally): void {
    addTo(this.#witnesses, witness, more);
  }

  #violation(epoch: number, witness: Witness, day: number, hours: number, tally: Tally): void {
    const violation = this.#violationsOf(epoch);
    addTo(violation.witnesses, witness, tally);
    violation.days.set(day, (violation.days.get(day) ?? 0) | hours);
  }

  #violationsOf(epoch: number): ViolationCount {
    let violation = this.#violations.get(epoch);
    if (violation === undefined) this.#violations.set(epoch, (violation = { witnesses: new Map(), days: new Map() }));
    return violation;
  }

  evidence(): Evidence {
    return {
      witnesses: this.#witnesses,
      days: this.#days,
      pods: new Map([...this.#pods].map(([pod, counts]) => [pod, Math.max(...counts.values())])),
      addresses: this.#addresses,
      operations: [...this.#operations].map(([key, counts]) => operation(key, Math.max(...counts.values()))).toSorted(byPath),
      failedSlots: this.#slots,
      byLabelsOnly: this.#byLabelsOnly,
    };
  }

  violations(): readonly ViolationEvidence[] {
    return [...this.#violations]
      .map(([epoch, { witnesses, days }]) => ({ epoch, witnesses, hours: [...days.values()].reduce((sum, mask) => sum + bitCount(mask), 0) }))
      .toSorted((a, b) => a.epoch - b.epoch);
  }
}

function addTo(witnesses: Map<string, Counted>, witness: Witness, more: Tally): void {
  const key = witnessKey(witness);
  let known = witnesses.get(key);
  if (known === undefined) witnesses.set(key, (known = { witness, tally: emptyTally() }));
  addTally(known.tally, more);
}

function bump(map: Map<string, Map<string, number>>, key: string, witness: string, count: number): void {
  let counts = map.get(key);
  if (counts === undefined) map.set(key, (counts = new Map()));
  counts.set(witness, (counts.get(witness) ?? 0) + count);
}

function operation(key: string, count: number): CountedOperation {
  const space = key.indexOf(' ');
  return { method: key.slice(0, space), path: key.slice(space + 1), count };
}

function byPath(a: CountedOperation, b: CountedOperation): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.method < b.method ? -1 : a.method > b.method ? 1 : 0;
}
