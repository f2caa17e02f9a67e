import { describe, expect, it } from 'vitest';
import { hubble } from '../../../collectors/hubble/index.ts';
import { decode } from '../../support/decode.ts';
import { hubbleFlow, hubbleLine, pod, T0, type HubbleFlow } from '../../support/hubble.ts';

const base: HubbleFlow = { from: pod('shop', 'web-1', '10.0.0.1'), to: pod('shop', 'cart-0', '10.0.0.2'), port: 8080 };
const EDGE = 'shop/web-1@10.0.0.1 -> shop/cart-0@10.0.0.2 8080/TCP open forwarded unknown, destination:to-endpoint';
const flow = (more: Partial<HubbleFlow> = {}): Record<string, unknown> => hubbleFlow({ ...base, ...more }) as Record<string, unknown>;
const line = (more: Partial<HubbleFlow> = {}): string => hubbleLine({ ...base, ...more });
const one = (record: string): string => decode(hubble, [record]).records[0] ?? '';
const nodeOf = (record: string): string | undefined => decode(hubble, [record]).flows[0]?.node;

interface Skipped {
  readonly reason: string;
  readonly time: number | null;
  readonly node: string;
  readonly lost: readonly number[];
}

/** What the decoder says of a line that is no flow. */
function skipped(record: string): Skipped {
  const bytes = Buffer.from(record);
  const lost: number[] = [];
  let told: Omit<Skipped, 'lost'> = { reason: 'a flow', time: null, node: '' };
  hubble.decoder({ accessLogFormat: null }).decode(
    { bytes, starts: Int32Array.of(0), ends: Int32Array.of(bytes.length), count: 1 },
    { source: 'test', owner: null },
    { flow: () => undefined, also: () => undefined, skip: (reason, time, node) => void (told = { reason, time, node }), lost: (events, time, node) => void lost.push(events, time ?? -1, node.length) },
  );
  return { ...told, lost };
}

describe('Hubble: kinds of lines', () => {
  const outer = { node_name: 'node-b', time: '2026-03-02T12:00:00.5Z' };

  it.each([
    ['node status', { node_status: { state_change: 'NODE_UNAVAILABLE', node_names: ['node-a'], message: 'x' } }],
    ['an agent event', { agent_event: { type: 'ENDPOINT_CREATED', endpoint_update_notification: { id: '1' } } }],
    ['a debug event', { debug_event: { type: 'DBG_GENERIC', source: { pod_name: 'x' } } }],
    ['a kind that nobody knows', { brand_new: { flow: {}, verdict: 'FORWARDED' } }],
    ['nothing', {}],
    ['a verdict without ends', { verdict: 'FORWARDED' }],
    ['ends without a verdict', { source: { pod_name: 'web-1', namespace: 'shop' }, destination: {} }],
  ])('%s is no flow, and is told with its node and time', (_, body) => {
    expect(skipped(JSON.stringify({ ...body, ...outer }))).toEqual({ reason: 'not-a-flow', time: T0 + 500, node: 'node-b', lost: [] });
    expect(skipped(JSON.stringify(body))).toEqual({ reason: 'not-a-flow', time: null, node: '', lost: [] });
  });

  it.each([
    ['as text', '"118"', 118],
    ['as a number', '118', 118],
    ['none given', 'null', 1],
    ['no number', '"many"', 1],
    ['a negative one', '-5', 1],
  ])('lost events are counted: %s', (_, written, events) => {
    const record = `{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":${written},"cpu":3},"node_name":"node-b","time":"2026-03-02T12:00:00Z"}`;
    expect(skipped(record)).toEqual({ reason: 'lost-events', time: T0, node: 'node-b', lost: [events, T0, 6] });
  });

  it('lost events of an unknown time and place are counted all the same', () => {
    expect(skipped('{"lost_events":{}}')).toEqual({ reason: 'lost-events', time: null, node: '', lost: [1, -1, 0] });
  });

  it.each([
    ['a flow that is a text', '{"flow":"x"}'],
    ['a flow that is null', '{"flow":null}'],
    ['a flow that is a list', '{"flow":[]}'],
  ])('%s is malformed', (_, record) => {
    expect(one(record)).toBe('skip malformed');
  });
});

describe('Hubble: wrapped and bare', () => {
  const bare = flow();

  it.each([
    ['the exporter’s line', { flow: bare, node_name: 'node-a', time: bare['time'] }],
    ['no node and time beside the flow', { flow: bare }],
    ['the flow last', { time: bare['time'], node_name: 'node-a', flow: bare }],
    ['a bare flow', bare],
    ['a bare flow with a feeder’s keys', { cluster_name: 'a', cluster_id: 7, tenant_id: 1, workspace_id: 2, ...bare }],
    ['keys in alphabetical order', Object.fromEntries(Object.entries(bare).toSorted(([a], [b]) => (a < b ? -1 : 1)))],
    ['time and node only beside the flow', { flow: { ...bare, time: undefined, node_name: undefined }, node_name: 'node-a', time: bare['time'] }],
    ['fields of later versions', { flow: { ...bare, emitter: { name: 'x', version: '1' }, extensions: { '@type': 'x' }, ip_trace_id: { trace_id: '1' }, policy_log: ['x'], file: { name: 'a' } } }],
    ['the deprecated fields', { flow: { ...bare, reply: false, drop_reason: 0, Summary: 'TCP Flags: SYN', source_service: { name: 'x', namespace: 'y' } } }],
  ])('%s', (_, value) => {
    expect(one(JSON.stringify(value))).toBe(EDGE);
    expect(decode(hubble, [JSON.stringify(value)]).flows[0]).toMatchObject({ time: T0, node: 'node-a' });
  });

  it('the flow’s own time and node count before those beside it', () => {
    const [told] = decode(hubble, [JSON.stringify({ flow: bare, node_name: 'relay', time: '2030-01-01T00:00:00Z' })]).flows;
    expect(told).toMatchObject({ time: T0, node: 'node-a' });
  });

  it('white space and line ends within a record say nothing', () => {
    expect(one(JSON.stringify({ flow: bare }, null, 2))).toBe(EDGE);
    expect(one(` \t${JSON.stringify({ flow: bare })}\r`)).toBe(EDGE);
  });

  it.each([
    ['2026-03-02T12:00:00Z', 0],
    ['2026-03-02T12:00:00.1Z', 100],
    ['2026-03-02T12:00:00.001Z', 1],
    ['2026-03-02T12:00:00.123456789Z', 123],
    ['2026-03-02T13:00:00+01:00', 0],
  ])('the time %s, with as many digits as there are', (time, after) => {
    expect(decode(hubble, [line({ time })]).flows[0]?.time).toBe(T0 + after);
  });
});

describe('Hubble: nodes', () => {
  it.each([
    ['node-a', 'node-a'],
    ['kind-kind/worker-1.example.com', 'kind-kind/worker-1.example.com'],
    ['../../etc/passwd', ''],
    ['node a', ''],
    ['node\u001b[31m', ''],
    ['/node', ''],
    ['cluster/', ''],
    ['x'.repeat(254), ''],
    ['', ''],
  ])('%j is known as %j', (node, known) => {
    expect(nodeOf(line({ node }))).toBe(known);
    expect(skipped(line({ node, extra: { verdict: 'ERROR' } })).node).toBe(known);
  });

  it('a node that is no text is none', () => {
    for (const node_name of [7, {}, null, ['node-a']]) expect(nodeOf(line({ extra: { node_name } }))).toBe('');
  });

  it('each record has its own', () => {
    const nodes = ['node-a', 'node-b', '..', 'node-a', 'node-b'];
    expect(decode(hubble, nodes.map((node) => line({ node }))).flows.map(({ node }) => node)).toEqual(['node-a', 'node-b', '', 'node-a', 'node-b']);
  });
});

describe('Hubble: JSON as anybody may write it', () => {
  it.each([
    ['an escaped value', line().replace('"cart-0"', '"c\\u0061rt-0"'), EDGE],
    ['an escaped key', line().replace('"verdict"', '"verd\\u0069ct"'), EDGE],
    ['an escaped word', line().replace('"FORWARDED"', '"F\\u004fRWARDED"'), EDGE],
    ['an escaped address', line().replace('"10.0.0.2"', '"10.0.0\\u002e2"'), EDGE],
    ['a repeated verdict', line().replace('"verdict"', '"verdict":"DROPPED","verdict"'), EDGE],
    ['a repeated end', line().replace('"source":{', '"source":{"pod_name":"evil","namespace":"evil"},"source":{'), EDGE],
    ['a repeated end: nothing of the first one is left', line().replace('"destination":{', '"destination":{"workloads":[{"kind":"Deployment","name":"evil"}],"labels":["reserved:host"]},"destination":{'), EDGE],
    ['a repeated name', line().replace('"pod_name":"cart-0"', '"pod_name":"evil","pod_name":"cart-0"'), EDGE],
    ['a repeated layer 4', line().replace('"l4":{', '"l4":{"UDP":{"destination_port":53}},"l4":{'), EDGE],
    ['a repeated flow', line().replace('{"flow":', '{"flow":{"verdict":"DROPPED"},"flow":'), EDGE],
    ['a port as text', line().replace('"destination_port":8080', '"destination_port":"8080"'), EDGE],
    ['a planted prototype', line().replace('{"flow":{', '{"__proto__":{"flow":{}},"flow":{"__proto__":{"verdict":"DROPPED"},'), EDGE],
    ['an end with a planted prototype', line().replace('"source":{', '"source":{"__proto__":{"labels":["reserved:host"]},"constructor":{},'), EDGE],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });

  it.each(['8080.5', '-1', '1e3', 'true', '{}', '"80x"', '65536', '99999999999999999999'])('a port of %s is none', (port) => {
    expect(one(line().replace('"destination_port":8080', `"destination_port":${port}`))).toBe('skip malformed');
  });

  it('a port of null or 0 is missing', () => {
    for (const port of ['null', '0', '"0"']) expect(one(line().replace('"destination_port":8080', `"destination_port":${port}`))).toBe('skip no-port');
  });

  it.each([
    ['too deep', line().replace('"flow":{', `"flow":{"x":${'['.repeat(64)}${']'.repeat(64)},`)],
    ['two objects', `${line()}${line()}`],
    ['an object cut off', line().slice(0, -1)],
    ['a control character in a text', line().replace('cart-0', 'cart\n0')],
    ['a comment', `${line()}// x`],
    ['a list', `[${line()}]`],
    ['a text', '"flow"'],
    ['nothing', ''],
  ])('%s is malformed', (_, record) => {
    expect(one(record)).toBe('skip malformed');
  });
});
