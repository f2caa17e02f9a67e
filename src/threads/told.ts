import type { BundleSink } from '../collector.ts';
import { blankFlow, witnessKey, type CountedAs, type Endpoint, type Opened, type Operation, type Performed, type Witness } from '../model/flow.ts';
import { within } from '../model/group.ts';
import { formatLabels } from '../model/labels.ts';
import type { Decoded } from '../source.ts';
import { COUNT, COUNT_WIDTH, COUNTED, FLOW, FLOW_WIDTH, OPENED, OPENED_WIDTH, OUTCOMES, PERFORMED, PERFORMED_WIDTH, PHASES, PROTOCOLS, SIGHTING, SIGHTING_WIDTH, VERDICTS, type Columns } from './columns.ts';

/** Values of all threads beyond which those of long ago are let go. A second object for an end is merely slower. */
const MAX_SHARED = 200_000;

/** One object for what threads name alike, so that whoever compares objects knows them. */
export class Shared {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #witnesses = new Map<string, Witness>();
  readonly #operations = new Map<string, Operation>();

  endpoint(endpoint: Endpoint): Endpoint {
    const { labels } = endpoint;
    return one(this.#endpoints, JSON.stringify([endpoint, labels === null ? null : formatLabels(labels)]), endpoint);
  }

  witness(witness: Witness): Witness {
    return one(this.#witnesses, witnessKey(witness), witness);
  }

  operation(operation: Operation): Operation {
    return one(this.#operations, `${operation.method} ${operation.path}`, operation);
  }
}

function one<T>(known: Map<string, T>, key: string, value: T): T {
  if (known.size >= MAX_SHARED) known.clear();
  return within(known, key, () => value);
}

/** What was named by a thread so far. */
interface Known {
  readonly endpoints: Endpoint[];
  readonly witnesses: Witness[];
  readonly operations: Operation[];
  readonly nodes: string[];
}

const nothing = (): Known => ({ endpoints: [], witnesses: [], operations: [], nodes: [] });

/** Takes what one thread tells. */
export class Listener {
  readonly #shared: Shared;
  #known = nothing();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** What these columns say. All that a thread tells has to be heard, in its order. */
  hear({ names, forgets, records, unsure, flows, performed, opened, counts, sightings }: Columns): Decoded {
    const known = this.#known;
    for (const endpoint of names.endpoints) known.endpoints.push(this.#shared.endpoint(endpoint));
    for (const witness of names.witnesses) known.witnesses.push(this.#shared.witness(witness));
    for (const operation of names.operations) known.operations.push(this.#shared.operation(operation));
    known.nodes.push(...names.nodes);
    if (forgets) this.#known = nothing();
    return {
      records,
      rows: flows.length / FLOW_WIDTH + performed.length / PERFORMED_WIDTH + opened.length / OPENED_WIDTH + counts.length / COUNT_WIDTH + sightings.length / SIGHTING_WIDTH,
      handOn(sink) {
        if (unsure > 0) sink.unsure(unsure);
        handOnFlows({ flows, performed, opened }, known, sink);
        for (let at = 0; at < counts.length; at += COUNT_WIDTH) {
          const as = COUNTED[counts[at + COUNT.as]!]!;
          const node = known.nodes[counts[at + COUNT.node]!]!;
          const until = numberOrNull(counts[at + COUNT.until]!);
          const n = counts[at + COUNT.records]!;
          if (as === 'lost') sink.lost(n, until, node);
          else sink.count(as satisfies CountedAs, node, until, n);
        }
        for (let at = 0; at < sightings.length; at += SIGHTING_WIDTH) {
          sink.see(known.endpoints[sightings[at + SIGHTING.end]!]!, sightings[at + SIGHTING.first]!, sightings[at + SIGHTING.last]!);
        }
      },
    };
  }
}

function handOnFlows({ flows: rows, performed: performedRows, opened: openedRows }: Pick<Columns, 'flows' | 'performed' | 'opened'>, { endpoints, witnesses, operations }: Known, sink: BundleSink): void {
  const flow = blankFlow('');
  let nextPerformed = 0;
  let nextOpened = 0;
  for (let at = 0; at < rows.length; at += FLOW_WIDTH) {
    flow.time = rows[at + FLOW.time]!;
    flow.until = rows[at + FLOW.until]!;
    flow.records = rows[at + FLOW.records]!;
    flow.source = endpoints[rows[at + FLOW.source]!]!;
    flow.destination = endpoints[rows[at + FLOW.destination]!]!;
    flow.protocol = PROTOCOLS[rows[at + FLOW.protocol]!]!;
    flow.port = rows[at + FLOW.port]!;
    flow.phase = PHASES[rows[at + FLOW.phase]!]!;
    flow.verdict = VERDICTS[rows[at + FLOW.verdict]!]!;
    flow.outcome = OUTCOMES[rows[at + FLOW.outcome]!]!;
    flow.count = rows[at + FLOW.count]!;
    flow.bytesOut = numberOrNull(rows[at + FLOW.bytesOut]!);
    flow.bytesIn = numberOrNull(rows[at + FLOW.bytesIn]!);
    flow.witness = witnesses[rows[at + FLOW.witness]!]!;
    flow.slots = rows[at + FLOW.slots]!;
    const performed: Performed[] = [];
    for (let i = 0; i < rows[at + FLOW.performed]!; i++, nextPerformed += PERFORMED_WIDTH) {
      performed.push({ operation: operations[performedRows[nextPerformed + PERFORMED.operation]!]!, count: performedRows[nextPerformed + PERFORMED.count]! });
    }
    const openings = rows[at + FLOW.opened]!;
    const opened: Opened[] = [];
    for (let i = 0; i < openings; i++, nextOpened += OPENED_WIDTH) {
      opened.push({ end: endpoints[openedRows[nextOpened + OPENED.end]!]!, time: openedRows[nextOpened + OPENED.time]!, count: openedRows[nextOpened + OPENED.count]! });
    }
    sink.bundle(flow, performed, Number.isNaN(openings) ? null : opened);
  }
}

function numberOrNull(number: number): number | null {
  return Number.isNaN(number) ? null : number;
}

/** What several threads found, as one. */
export function together(parts: readonly Decoded[]): Decoded {
  return {
    records: parts.reduce((sum, { records }) => sum + records, 0),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    handOn(sink) {
      for (const part of parts) part.handOn(sink);
    },
  };
}
