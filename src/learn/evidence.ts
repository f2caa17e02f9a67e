import { addTally, bitCount, DAY, failedInSlot, showsConnection, SLOT, type Evidence, type Tally, type WitnessTally } from '../model/edge.ts';
import { witnessKey, type Witness } from '../model/flow.ts';
import { GatheredEvidence } from './gathered.ts';
import { principalsOf, withoutLostAnswers } from './settle.ts';
import type { StoredEdge, StoredPending } from './stored.ts';
import { isServed, refusedAtServer } from './success.ts';

/** What a pending row tells beside its counts. */
export interface PendingEvidence {
  readonly sourcePod: string;
  readonly addresses: readonly string[];
  readonly byLabels: boolean;
}

interface ViolationCount {
  readonly witnesses: Map<string, WitnessTally>;
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
const NO_ROWS: never[] = [];

/**
 * Gathers everything that is stored of one edge, under whatever names it was stored. Most edges are one row and have little of each kind: what the row holds
 * is taken as it is, what is empty is shared, and pods, operations and slots are added up at the end.
 */
export class EvidenceBuilder {
  readonly #witnesses = new Map<string, WitnessTally>();
  readonly #days = new Map<number, number>();
  #pods: StoredEdge['pods'][number][] = NO_ROWS;
  #addresses: Set<string> = NOTHING;
  #principals: Set<string> = NOTHING;
  #operations: StoredEdge['operations'][number][] = NO_ROWS;
  /** Slots in which a witness saw it tried, with the latest revision at which that was watched. */
  #tried: StoredEdge['failedSlots'][number][] = NO_ROWS;
  /** When something answered that is not gathered here. */
  #answeredElsewhere = Number.MAX_SAFE_INTEGER;
  #byLabelsOnly: Set<string> = NOTHING;
  #violations: Map<number, ViolationCount> = NONE;
  /** Rows of `edges` and of `pending` that the edge is made of. */
  rows: number[] = NO_ROWS;
  pendingRows: number[] = NO_ROWS;
  /** Records that are pending, and the first revision at which one was read. */
  pendingRecords = 0;
  pendingRevision = Number.MAX_SAFE_INTEGER;

  /** A row of the graph. Told by labels alone, it only backs what others show. */
  addEdge(edge: StoredEdge, byLabels: boolean): void {
    this.rows = appended(this.rows, [edge.row]);
    if (byLabels) {
      this.#byLabelsOnly = added(this.#byLabelsOnly, edge.witnesses.map(({ witness }) => witnessKey(witness)));
      return;
    }
    for (const { witness, tally } of edge.witnesses) this.#tally(witness, tally);
    for (const { day, hours } of edge.days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    this.#pods = appended(this.#pods, edge.pods);
    this.#addresses = added(this.#addresses, edge.addresses);
    this.#principals = added(this.#principals, edge.principals);
    this.#operations = appended(this.#operations, edge.operations);
    this.#tried = appended(this.#tried, slotsThatMayHaveFailed(edge));
    for (const { epoch, witness, day, hours, tally } of edge.violations) this.#violation(epoch, witness, day, hours, tally);
  }

  /** A minute that was settled just now. `epoch` is null if it violates nothing. */
  addPending(row: StoredPending, { sourcePod: pod, addresses, byLabels }: PendingEvidence, watching: boolean, epoch: number | null): void {
    this.pendingRows = appended(this.pendingRows, [row.row]);
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
    const { witness } = row;
    if (pod !== '' && row.tally.opened > 0) this.#pods = appended(this.#pods, [{ pod, witness, opened: row.tally.opened }]);
    this.#operations = appended(this.#operations, row.operations.map(({ method, path, count }) => ({ method, path, witness, count })));
    this.#tried = appended(this.#tried, [{ witness, slot: Math.floor((row.minute * 60_000) / SLOT), watched: watching ? row.revision : 0 }]);
    if (epoch !== null) this.#violation(epoch, row.witness, day, hours, withoutLostAnswers(row));
  }

  /** Adds the edges of other clients: the connections of different clients are different connections. */
  addClient(other: EvidenceBuilder): void {
    for (const { witness, tally } of other.#witnesses.values()) this.#tally(witness, tally);
    for (const [day, hours] of other.#days) this.#days.set(day, (this.#days.get(day) ?? 0) | hours);
    this.#operations = appended(this.#operations, other.#operations);
    this.rows = appended(this.rows, other.rows);
    this.pendingRows = appended(this.pendingRows, other.pendingRows);
    this.pendingRecords += other.pendingRecords;
    this.pendingRevision = Math.min(this.pendingRevision, other.pendingRevision);
    for (const [epoch, { witnesses, days }] of other.#violations) {
      const own = this.#violationsOf(epoch);
      for (const { witness, tally } of witnesses.values()) addTo(own.witnesses, witness, tally);
      for (const [day, hours] of days) own.days.set(day, (own.days.get(day) ?? 0) | hours);
    }
  }

  showsConnection(): boolean {
    for (const { tally } of this.#witnesses.values()) if (showsConnection(tally)) return true;
    return false;
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

  /** Where the server's own end only ever refused, the answers that others saw are its refusals. */
  #failedSlots(): ReadonlyMap<number, number> {
    if (this.#tried.length === 0) return NONE;
    const refused = refusedAtServer(this.#witnesses);
    let firstAnswered = this.#answeredElsewhere;
    if (!refused) for (const { tally } of this.#witnesses.values()) firstAnswered = Math.min(firstAnswered, tally.firstAnswered);
    const failed = new Map<number, number>();
    for (const { witness, slot, watched } of this.#tried) {
      if (refused && witness.side !== 'destination') continue;
      if (failedInSlot(slot, firstAnswered)) failed.set(slot, Math.max(watched, failed.get(slot) ?? 0));
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
    this.#evidence ??= new GatheredEvidence(this.#witnesses, this.#days, this.#pods, this.#addresses, this.#principals, this.#operations, this.#failedSlots(), this.#byLabelsOnly);
    return this.#evidence;
  }

  violations(): readonly ViolationEvidence[] {
    if (this.#violations === NONE) return NO_ROWS;
    return [...this.#violations]
      .map(([epoch, { witnesses, days }]) => ({ epoch, witnesses, hours: [...days.values()].reduce((sum, mask) => sum + bitCount(mask), 0) }))
      .toSorted((a, b) => a.epoch - b.epoch);
  }
}

function addTo(witnesses: Map<string, WitnessTally>, witness: Witness, more: Readonly<Tally>): void {
  const key = witnessKey(witness);
  const known = witnesses.get(key);
  witnesses.set(key, { witness, tally: known === undefined ? more : sumOf(known.tally, more) });
}

function sumOf(tally: Readonly<Tally>, more: Readonly<Tally>): Tally {
  const sum = { ...tally };
  addTally(sum, more);
  return sum;
}

/** Slots that may prove to have failed, whatever else is gathered: before the first answer, or at a server's end that answered nobody. */
function slotsThatMayHaveFailed({ failedSlots, witnesses }: StoredEdge): StoredEdge['failedSlots'] {
  if (failedSlots.length === 0) return failedSlots;
  let firstAnswered = Number.MAX_SAFE_INTEGER;
  let served = false;
  for (const { witness, tally } of witnesses) {
    firstAnswered = Math.min(firstAnswered, tally.firstAnswered);
    served ||= isServed(witness, tally);
  }
  return failedSlots.filter(({ witness, slot }) => failedInSlot(slot, firstAnswered) || (!served && witness.side === 'destination'));
}

/** Adds items; returns the list, which is a new one if it was the shared empty one. */
function appended<T>(list: T[], items: readonly T[]): T[] {
  if (items.length === 0) return list;
  if (list.length === 0) return items.slice();
  for (const item of items) list.push(item);
  return list;
}

function added<T>(set: Set<T>, items: Iterable<T>): Set<T> {
  let own = set;
  for (const item of items) {
    if (own === (NOTHING as Set<T>)) own = new Set();
    own.add(item);
  }
  return own;
}
