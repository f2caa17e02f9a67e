import { addTally, bitCount, DAY, emptyTally, failedInSlot, showsConnection, SLOT, type CountedOperation, type Evidence, type Tally, type WitnessTally } from '../model/edge.ts';
import { witnessKey, type Witness } from '../model/flow.ts';
import { principalsOf, withoutLostAnswers } from './settle.ts';
import type { StoredEdge, StoredPending } from './stored.ts';
import { refusedAtServer } from './success.ts';

interface Counted {
  readonly witness: Witness;
  readonly tally: Tally;
}

/** What a pending row tells beside its counts. */
export interface PendingEvidence {
  readonly sourcePod: string;
  readonly addresses: readonly string[];
  readonly byLabels: boolean;
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

const NONE = new Map<never, never>();
const NOTHING = new Set<never>();

/** Gathers everything that is stored of one edge, under whatever names it was stored. */
export class EvidenceBuilder {
  readonly #witnesses = new Map<string, Counted>();
  readonly #days = new Map<number, number>();
  // Most edges have few of these: what is empty is shared.
  #pods: Map<string, Map<string, number>> = NONE;
  #addresses: Set<string> = NOTHING;
  #principals: Set<string> = NOTHING;
  #operations: Map<string, Map<string, number>> = NONE;
  /** Slots in which a witness saw it tried, with the latest revision at which that was watched. */
  #tried: Map<string, Map<number, number>> = NONE;
  /** When something answered that is not gathered here. */
  #answeredElsewhere = Number.MAX_SAFE_INTEGER;
  #byLabelsOnly: Set<string> = NOTHING;
  #violations: Map<number, ViolationCount> = NONE;
  /** Rows of `edges` and of `pending` that the edge is made of. */
  readonly rows: number[] = [];
  readonly pendingRows: number[] = [];
  /** Records that are pending, and the first revision at which one was read. */
  pendingRecords = 0;
  pendingRevision = Number.MAX_SAFE_INTEGER;

  /** A row of the graph. Told by labels alone, it only backs what others show. */
  addEdge(edge: StoredEdge, byLabels: boolean): void {
    this.rows.push(edge.row);
    if (byLabels) {
      this.#byLabelsOnly = added(this.#byLabelsOnly, edge.witnesses.map(({ witness }) => witnessKey(witness)));
      return;
    }
    for (const { witness, tally } of edge.witnesses) this.#tally(witness, tally);
    for (const { day, hours } of edge.days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    for (const { pod, witness, opened } of edge.pods) this.#pods = bump(this.#pods, pod, witnessKey(witness), opened);
    this.#addresses = added(this.#addresses, edge.addresses);
    this.#principals = added(this.#principals, edge.principals);
    for (const { method, path, witness, count } of edge.operations) this.#operations = bump(this.#operations, `${method} ${path}`, witnessKey(witness), count);
    for (const { witness, slot, watched } of edge.failedSlots) this.#try(witness, slot, watched);
    for (const { epoch, witness, day, hours, tally } of edge.violations) this.#violation(epoch, witness, day, hours, tally);
  }

  /** A minute that was settled just now. `epoch` is null if it violates nothing. */
  addPending(row: StoredPending, { sourcePod: pod, addresses, byLabels }: PendingEvidence, watching: boolean, epoch: number | null): void {
    this.pendingRows.push(row.row);
    this.pendingRecords += row.records;
    this.pendingRevision = Math.min(this.pendingRevision, row.revision);
    if (byLabels) {
      this.#byLabelsOnly = added(this.#byLabelsOnly, [witnessKey(row.witness)]);
      return;
    }
    this.#tally(row.witness, row.tally);
    this.#addresses = added(this.#addresses, addresses);
    this.#principals = added(this.#principals, principalsOf(row));
    if (!showsConnection(row.tally)) return;
    const day = Math.floor((row.minute * 60_000) / DAY);
    const hours = 1 << (Math.floor(row.minute / 60) % 24);
    this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    if (pod !== '' && row.tally.opened > 0) this.#pods = bump(this.#pods, pod, witnessKey(row.witness), row.tally.opened);
    for (const { method, path, count } of row.operations) this.#operations = bump(this.#operations, `${method} ${path}`, witnessKey(row.witness), count);
    this.#try(row.witness, Math.floor((row.minute * 60_000) / SLOT), watching ? row.revision : 0);
    if (epoch !== null) this.#violation(epoch, row.witness, day, hours, withoutLostAnswers(row));
  }

  /** Adds the edges of other clients: the connections of different clients are different connections. */
  addClient(other: EvidenceBuilder): void {
    for (const { witness, tally } of other.#witnesses.values()) this.#tally(witness, tally);
    for (const [day, hours] of other.#days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    for (const [key, counts] of other.#operations) for (const [witness, count] of counts) this.#operations = bump(this.#operations, key, witness, count);
    this.rows.push(...other.rows);
    for (const row of other.pendingRows) this.pendingRows.push(row);
    this.pendingRecords += other.pendingRecords;
    this.pendingRevision = Math.min(this.pendingRevision, other.pendingRevision);
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
    this.#addresses = added(this.#addresses, [address]);
  }

  /** Something answered at this time, in records that are not added here. */
  answered(time: number): void {
    this.#answeredElsewhere = Math.min(this.#answeredElsewhere, time);
  }

  #try(witness: Witness, slot: number, watched: number): void {
    if (this.#tried === NONE) this.#tried = new Map();
    const key = witnessKey(witness);
    let slots = this.#tried.get(key);
    if (slots === undefined) this.#tried.set(key, (slots = new Map()));
    slots.set(slot, Math.max(watched, slots.get(slot) ?? 0));
  }

  /** Where the server's own end only ever refused, the answers that others saw are its refusals. */
  #failedSlots(): ReadonlyMap<number, number> {
    const refused = refusedAtServer(this.#witnesses);
    let firstAnswered = this.#answeredElsewhere;
    if (!refused) for (const { tally } of this.#witnesses.values()) firstAnswered = Math.min(firstAnswered, tally.firstAnswered);
    const failed = new Map<number, number>();
    for (const [key, slots] of this.#tried) {
      if (refused && this.#witnesses.get(key)?.witness.side !== 'destination') continue;
      for (const [slot, watched] of slots) if (failedInSlot(slot, firstAnswered)) failed.set(slot, Math.max(watched, failed.get(slot) ?? 0));
    }
    return failed;
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
    if (this.#violations === NONE) this.#violations = new Map();
    let violation = this.#violations.get(epoch);
    if (violation === undefined) this.#violations.set(epoch, (violation = { witnesses: new Map(), days: new Map() }));
    return violation;
  }

  #evidence: Evidence | null = null;

  /** What was gathered. Nothing may be added once it was asked for, but by `addClient` to another builder. */
  evidence(): Evidence {
    this.#evidence ??= {
      witnesses: this.#witnesses,
      days: this.#days,
      pods: new Map([...this.#pods].map(([pod, counts]) => [pod, Math.max(...counts.values())])),
      addresses: this.#addresses,
      principals: this.#principals,
      operations: [...this.#operations].map(([key, counts]) => operation(key, Math.max(...counts.values()))).toSorted(byPath),
      failedSlots: this.#failedSlots(),
      byLabelsOnly: this.#byLabelsOnly,
    };
    return this.#evidence;
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

/** Adds a count; returns the map, which is a new one if it was the shared empty one. */
function bump(map: Map<string, Map<string, number>>, key: string, witness: string, count: number): Map<string, Map<string, number>> {
  const own = map === NONE ? new Map<string, Map<string, number>>() : map;
  let counts = own.get(key);
  if (counts === undefined) own.set(key, (counts = new Map()));
  counts.set(witness, (counts.get(witness) ?? 0) + count);
  return own;
}

function added<T>(set: Set<T>, items: Iterable<T>): Set<T> {
  let own = set;
  for (const item of items) {
    if (own === (NOTHING as Set<T>)) own = new Set();
    own.add(item);
  }
  return own;
}

function operation(key: string, count: number): CountedOperation {
  const space = key.indexOf(' ');
  return { method: key.slice(0, space), path: key.slice(space + 1), count };
}

function byPath(a: CountedOperation, b: CountedOperation): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.method < b.method ? -1 : a.method > b.method ? 1 : 0;
}
