import { plainPart, RULE, type Form, type Forms, type Part, type Sink } from '../../src/collector.ts';
import type { Endpoint, Operation, SkipReason } from '../../src/model/flow.ts';
import { formatLabels } from '../../src/model/labels.ts';
import type { Origin } from '../../src/model/origin.ts';
import { performed, readOperation } from '../../src/scan/operation.ts';
import type { Group, Keep, Plan, Wanted } from '../../src/scan/plan.ts';
import { OBJECT, type Slots } from '../../src/scan/slots.ts';
import { WordReader } from '../../src/scan/words.ts';
import { buildEndpoint, DESTINATION, SOURCE } from './endpoint.ts';
import { FlowFacts } from './facts.ts';
import { FIELD, isNone, LINE_FIELD, WRAPPED, type FlowField, type LineField } from './fields.ts';
import { isAnswer, isLocalNode, isLostAnswer, outcomeOf, phaseOf, pointName, sideOf } from './meaning.ts';
import { NodeReader, Orienter, performs } from './orient.ts';
import { otherLine } from './other-line.ts';

/** The groups of a record's values. */
const SOURCE_END = 0;
const DESTINATION_END = 1;
const MANNER = 2;
const OPERATION = 3;
const NODE = 4;

/** All that is said of a packet beside its ends, its ports and the node that saw it. */
interface Manner {
  readonly facts: FlowFacts;
  /** Why it is no flow whatever its ends are. */
  readonly reason: SkipReason | null;
}

const line = (field: LineField, keep: Keep, group: Group, rank: 0 | 1 = 0): Wanted => ({ path: field.split('.'), slot: LINE_FIELD[field], keep, group, rank });
const flow = (keep: Keep, group: Group, ...fields: readonly FlowField[]): Wanted[] => fields.map((field) => ({ path: ['flow', ...field.split('.')], slot: WRAPPED + FIELD[field], keep, group }));

/** Bare flows have their ends on the outside. */
const BARE_END = 255;

/** Those with ports. */
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

const PLAN: Plan = {
  slots: BARE_END + 1,
  text: null,
  leavesEmpty: false,
  wanted: [
    line('flow', 'kind', MANNER),
    line('lost_events', 'kind', MANNER),
    line('lost_events.num_events_lost', 'text', MANNER),
    line('node_name', 'text', NODE),
    line('time', 'time', MANNER, 1),
    { path: ['source'], slot: BARE_END, keep: 'trap', group: MANNER },
    { path: ['destination'], slot: BARE_END, keep: 'trap', group: MANNER },
    ...flow('time', MANNER, 'time'),
    ...flow('text', SOURCE_END, 'IP.source'),
    ...flow('whole', SOURCE_END, 'source', 'source_names'),
    ...flow('text', DESTINATION_END, 'IP.destination'),
    ...flow('whole', DESTINATION_END, 'destination', 'destination_names'),
    ...flow('text', MANNER, 'verdict', 'drop_reason_desc', 'l4.ICMPv4.type', 'l4.ICMPv6.type', 'Type', 'l7.type', 'l7.http.code', 'event_type.type', 'traffic_direction', 'trace_observation_point', 'trace_reason'),
    ...flow('text', MANNER, 'aggregate.ingress_flow_count', 'aggregate.egress_flow_count', 'aggregate.unknown_direction_flow_count'),
    ...flow('kind', MANNER, 'l4.TCP', 'l4.TCP.flags', 'l4.TCP.flags.SYN', 'l4.TCP.flags.ACK', 'l4.TCP.flags.RST', 'l4.UDP', 'l4.SCTP', 'l4.ICMPv4', 'l4.ICMPv6', 'l4.VRRP', 'l4.IGMP', 'reply', 'is_reply'),
    ...PROTOCOLS.flatMap((protocol) => [...flow('port', MANNER, `l4.${protocol}.source_port`), ...flow('port', MANNER, `l4.${protocol}.destination_port`).map((wanted): Wanted => ({ ...wanted, rank: 1 }))]),
    ...flow('text', OPERATION, 'l7.http.method'),
    ...flow('path', OPERATION, 'l7.http.url'),
    ...flow('text', NODE, 'node_name'),
  ],
};

/** Hubble's lines by their form. */
export class HubbleForms implements Forms {
  readonly plan = PLAN;
  readonly ownerIsEnd = false;
  readonly #words = new WordReader();
  readonly #nodes = new NodeReader();
  readonly #orienter = new Orienter();

  part(group: Group, bytes: Buffer, values: Slots): Part {
    switch (group) {
      case SOURCE_END:
        return endPart(buildEndpoint(bytes, values, WRAPPED, SOURCE));
      case DESTINATION_END:
        return endPart(buildEndpoint(bytes, values, WRAPPED, DESTINATION));
      case MANNER:
        return this.#manner(bytes, values);
      case OPERATION: {
        const operation = readOperation(values.text(bytes, WRAPPED + FIELD['l7.http.method']) ?? '', values.text(bytes, WRAPPED + FIELD['l7.http.url']) ?? '');
        return { ...plainPart(operation === null ? '' : 'some', operation), operation };
      }
      default: {
        const own = WRAPPED + FIELD.node_name;
        const node = this.#nodes.read(this.#words.read(bytes, values, isNone(values, own) ? LINE_FIELD.node_name : own));
        return plainPart(node, node);
      }
    }
  }

  #manner(bytes: Buffer, values: Slots): Part {
    const facts = new FlowFacts();
    if (values.kinds[LINE_FIELD.flow] !== OBJECT) {
      const { reason, lost } = otherLine(bytes, values);
      // How many were lost differs each time.
      return { ...plainPart(`${reason}${lost === null ? '' : ' lost'}`, { facts, reason } satisfies Manner), rule: lost === null ? 0 : RULE.noForm };
    }
    // Which ports are whose is not told.
    if (PROTOCOLS.filter((protocol) => values.kinds[WRAPPED + FIELD[`l4.${protocol}`]] === OBJECT).length > 1) return { ...plainPart('protocols', { facts, reason: null } satisfies Manner), rule: RULE.noForm };
    const reason = facts.read(bytes, values, WRAPPED, this.#words);
    if (reason !== null) return plainPart(reason, { facts, reason } satisfies Manner);
    return { ...plainPart(keyOf(facts), { facts, reason } satisfies Manner), rule: ruleOf(facts) };
  }

  read({ parts, firstPort, secondPort }: Form, _origin: Origin, sink: Sink): void {
    const { facts, reason } = parts[MANNER] as Manner;
    const { flow: filled } = this.#orienter;
    filled.records = 1;
    const why = reason ?? this.#orient(facts, parts[SOURCE_END] as Endpoint | SkipReason, parts[DESTINATION_END] as Endpoint | SkipReason, firstPort, secondPort);
    if (why !== null) return sink.skip(why, 0, '');
    if (performs(facts, filled)) filled.operation = parts[OPERATION] as Operation | null;
    sink.flow(filled);
  }

  #orient(facts: FlowFacts, source: Endpoint | SkipReason, destination: Endpoint | SkipReason, firstPort: number, secondPort: number): SkipReason | null {
    if (typeof source === 'string') return source;
    if (typeof destination === 'string') return destination;
    facts.sourcePort = firstPort;
    facts.destinationPort = secondPort;
    return this.#orienter.orient(facts, source, destination);
  }
}

/** What makes a difference of all that is said: records differ in more than they mean. */
function keyOf(facts: FlowFacts): string {
  const answer = isAnswer(facts);
  const either = [true, false].map((backwards) => [sideOf(facts, backwards), isLocalNode(facts, backwards)]);
  const { protocol, verdict, count, isEchoReply, isL7, httpStatus } = facts;
  return JSON.stringify([protocol, verdict, count, pointName(facts), answer, facts.syn && !facts.ack, isEchoReply, either, phaseOf(facts), [true, false].map((answered) => outcomeOf(facts, answered)), isL7 && httpStatus !== null && performed(httpStatus)]);
}

/** The server's port tells the form; both do where it depends on them which one that is. */
function ruleOf(facts: FlowFacts): number {
  const answer = isAnswer(facts);
  if (answer === null) return RULE.endsAsTheyAre;
  const isLostFrom = (port: number): boolean => {
    facts.sourcePort = port;
    facts.destinationPort = 40_000;
    return isLostAnswer(facts, answer);
  };
  const isLost = isLostFrom(40_000);
  if (isLostFrom(80) !== isLost) return RULE.firstPort | RULE.secondPort | RULE.endsAsTheyAre;
  return answer || isLost ? RULE.firstPort | RULE.backwards : RULE.secondPort | (phaseOf(facts) === 'open' ? RULE.opens : 0);
}

function endPart(endpoint: Endpoint | SkipReason): Part {
  return typeof endpoint === 'string' ? plainPart(endpoint, endpoint) : { ...plainPart(endpointKey(endpoint), endpoint), end: { endpoint, likeness: `${endpoint.reserved} ${endpoint.pod === null}` } };
}

function endpointKey({ address, cluster, namespace, pod, workload, labels, serviceAccount, reserved, names }: Endpoint): string {
  return JSON.stringify([address, cluster, namespace, pod, workload, labels === null ? null : formatLabels(labels), serviceAccount, reserved, names]);
}
