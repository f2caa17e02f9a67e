/** Yardstick: Hubble's lines, each through JSON.parse, folded to edges. `node hubble-json-parse.mjs LOG EDGES` */
import { COUNTERS, Edges, LOST } from './edges.mjs';
import { eachLine } from './lines.mjs';

const OTHER = { source: 'destination', destination: 'source', unknown: 'unknown' };
const WATCHED = { FROM_ENDPOINT: 'source', TO_STACK: 'source', TO_OVERLAY: 'source', TO_ENDPOINT: 'destination' };
const RESERVED = { 1: 'node', 6: 'node', 7: 'apiserver' };
const EVENT = { drop: 1, policyVerdict: 5, l7: 129 };
const VERDICTS = new Set(['FORWARDED', 'REDIRECTED', 'DROPPED', 'AUDIT']);
const [OPENED, ONGOING, ANSWERED, REFUSED, DENIED, AUDITED, FAILED] = COUNTERS.map((counter) => [counter]);
const FIRST_EPHEMERAL_PORT = 32_768;
const [HOST, HEALTH] = [1, 4];

/** `namespace/workload`, else the class, else the address. */
function nameOf({ identity, namespace, workloads }, address) {
  return workloads === undefined ? (RESERVED[identity] ?? address) : `${namespace}/${workloads[0].name}`;
}

const edges = new Edges();

function take({ time, verdict, l4, IP, source, destination, event_type: { type }, is_reply: isReply, l7, trace_observation_point: seen, trace_reason: reason, drop_reason_desc: dropReason, traffic_direction: direction }) {
  if (!VERDICTS.has(verdict) || source.identity === HEALTH || destination.identity === HEALTH) return;
  const { TCP, UDP } = l4;
  const { source_port: sourcePort = 0, destination_port: destinationPort = 0, flags } = TCP ?? UDP ?? {};
  const isOpening = flags?.SYN === true && flags.ACK !== true;
  const isDropped = verdict === 'DROPPED';
  const isL7 = type === EVENT.l7;
  if (isReply === undefined && !isOpening && !isDropped) return;
  const isAnswer = isReply ?? (isL7 && l7.type === 'RESPONSE');
  const isLost = isDropped && (isAnswer || (sourcePort > 0 && sourcePort < FIRST_EPHEMERAL_PORT && destinationPort >= FIRST_EPHEMERAL_PORT && !isOpening));
  const isBackwards = isAnswer || isLost;
  const [client, server] = isBackwards ? [destination, source] : [source, destination];
  if (client.identity === HOST && (isBackwards || seen !== 'TO_OVERLAY')) return;

  const point = isL7 ? 'l7' : type === EVENT.policyVerdict ? 'policy-verdict' : type === EVENT.drop ? 'drop' : seen;
  let side = WATCHED[point] ?? (direction === 'EGRESS' ? 'source' : 'destination');
  if (isBackwards && (WATCHED[point] !== undefined || (isReply === undefined && !isL7))) side = OTHER[side];
  let counters = OPENED;
  if (isLost) counters = LOST;
  else if (isDropped) counters = dropReason === 'POLICY_DENIED' ? DENIED : FAILED;
  else if (isAnswer) counters = flags?.RST === true ? REFUSED : ANSWERED;
  else if (verdict === 'AUDIT') counters = AUDITED;
  else if (!isL7 && type !== EVENT.policyVerdict && !isOpening && (reason === 'ESTABLISHED' || flags !== undefined)) counters = ONGOING;

  const [from, to] = isBackwards ? [IP.destination, IP.source] : [IP.source, IP.destination];
  const protocol = TCP !== undefined ? 'TCP' : UDP !== undefined ? 'UDP' : 'ICMP';
  const key = `${nameOf(client, from)}\t${nameOf(server, to)}\t${protocol}\t${isBackwards ? sourcePort : destinationPort}\t${side}\t${point.toLowerCase().replaceAll('_', '-')}`;
  edges.add(key, counters, Date.parse(time));
}

const [log, out] = process.argv.slice(2);
eachLine(log, (block, start, end) => {
  const line = JSON.parse(block.toString('utf8', start, end));
  edges.node(line.node_name);
  if (line.flow !== undefined) take(line.flow);
});
edges.write(out);
