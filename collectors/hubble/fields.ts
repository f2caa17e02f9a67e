import { ABSENT, JsonFields, NULL, OBJECT, STRING, type Path } from '../../src/scan/json.ts';
import type { Slots } from '../../src/scan/slots.ts';

/**
 * The fields of a Hubble line that are read, by their place in cilium's `flow.proto` (protojson with proto field names).
 * A line is an export event (`{"flow":{…},"node_name":…,"time":…}`) or, from old versions and some feeders, the bare flow.
 */
const FLOW = [
  ['time'],
  ['verdict'],
  ['drop_reason_desc'],
  ['IP', 'source'],
  ['IP', 'destination'],
  ['l4', 'TCP'],
  ['l4', 'TCP', 'source_port'],
  ['l4', 'TCP', 'destination_port'],
  ['l4', 'TCP', 'flags'],
  ['l4', 'TCP', 'flags', 'SYN'],
  ['l4', 'TCP', 'flags', 'ACK'],
  ['l4', 'TCP', 'flags', 'RST'],
  ['l4', 'UDP'],
  ['l4', 'UDP', 'source_port'],
  ['l4', 'UDP', 'destination_port'],
  ['l4', 'SCTP'],
  ['l4', 'SCTP', 'source_port'],
  ['l4', 'SCTP', 'destination_port'],
  ['l4', 'ICMPv4'],
  ['l4', 'ICMPv4', 'type'],
  ['l4', 'ICMPv6'],
  ['l4', 'ICMPv6', 'type'],
  ['l4', 'VRRP'],
  ['l4', 'IGMP'],
  ['source'],
  ['source', 'namespace'],
  ['source', 'pod_name'],
  ['source_names'],
  ['destination'],
  ['destination', 'namespace'],
  ['destination', 'pod_name'],
  ['destination_names'],
  ['Type'],
  ['node_name'],
  ['l7', 'type'],
  ['l7', 'http', 'method'],
  ['l7', 'http', 'url'],
  ['l7', 'http', 'code'],
  ['reply'],
  ['is_reply'],
  ['event_type', 'type'],
  ['traffic_direction'],
  ['trace_observation_point'],
  ['trace_reason'],
  ['aggregate', 'ingress_flow_count'],
  ['aggregate', 'egress_flow_count'],
  ['aggregate', 'unknown_direction_flow_count'],
] as const satisfies readonly Path[];

const LINE = [
  ['flow'],
  ['lost_events'],
  ['lost_events', 'num_events_lost'],
  ['node_status'],
  ['agent_event'],
  ['debug_event'],
  // The export event's own node and time; in a bare flow the same keys are the flow's.
  ['node_name'],
  ['time'],
] as const satisfies readonly Path[];

type Dotted<P extends readonly string[]> = P extends readonly [infer A extends string, ...infer R extends readonly string[]]
  ? R['length'] extends 0
    ? A
    : `${A}.${Dotted<R>}`
  : never;
export type FlowField = Dotted<(typeof FLOW)[number]>;
export type LineField = Dotted<(typeof LINE)[number]>;

/** Slot of a flow's field, relative to where the flow's slots begin. */
export const FIELD = Object.fromEntries(FLOW.map((path, slot) => [path.join('.'), slot])) as Readonly<Record<FlowField, number>>;
export const LINE_FIELD = Object.fromEntries(LINE.map((path, slot) => [path.join('.'), slot])) as Readonly<Record<LineField, number>>;

/** Slots: the line's own, then the wrapped flow's, then the bare flow's. */
export const WRAPPED = LINE.length;
const BARE = WRAPPED + FLOW.length;
const SHARED = new Set(LINE.map((path) => path.join('.')));

/** `time` and `node_name` of a bare flow are found under the line's own slots. */
export function lineFields(): JsonFields {
  const bare = FLOW.map((path): Path => (SHARED.has(path.join('.') as LineField) ? ['', ...path] : path));
  return new JsonFields([...LINE, ...FLOW.map((path): Path => ['flow', ...path]), ...bare]);
}

/** In protojson, null and an empty text are no value. */
export function isNone({ kinds, starts, ends }: Slots, slot: number): boolean {
  return kinds[slot] === ABSENT || kinds[slot] === NULL || (kinds[slot] === STRING && starts[slot] === ends[slot]);
}

/** Where the flow's slots begin in this line, or -1 if the line is no flow. */
export function flowSlots(fields: JsonFields): number {
  if (fields.kinds[LINE_FIELD.flow] === OBJECT) return WRAPPED;
  const looksBare = fields.kinds[BARE + FIELD.source] === OBJECT || fields.kinds[BARE + FIELD.destination] === OBJECT;
  return looksBare && fields.kinds[BARE + FIELD.verdict] !== 0 ? BARE : -1;
}
