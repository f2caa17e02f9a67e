/** Hubble's export of the made-up cluster: flows as Cilium 1.19 writes them, in protojson, about 2.3 KB each. */
import { makeCluster, rollOut } from './cluster.mjs';
import { hex4, letters, random, SAFE_LETTERS, shuffled, uuid, zipf } from './random.mjs';
import { nanoseconds, times } from './times.mjs';
import { writeLines } from './write.mjs';

/** A workload is rolled out each time so many records were written. */
const ROLLOUT_EVERY = 4_000;
/** A packet of so many is about DNS, before all those of the edges themselves. */
const LOOKUP_EVERY = 12;
/** Cilium's numbers for its events, its reserved identities and its reasons to drop. */
const EVENT = { drop: 1, trace: 4, policyVerdict: 5, l7: 129, socket: 130 };
const RESERVED = {
  outside: '{"identity":2,"labels":["reserved:world"]}',
  node: '{"identity":6,"labels":["reserved:remote-node"]}',
  host: '{"identity":1,"labels":["reserved:host"]}',
  apiserver: '{"identity":7,"labels":["reserved:kube-apiserver","reserved:remote-node"]}',
  health: '{"identity":4,"labels":["reserved:health"]}',
};
const DROPS = [
  [133, 'POLICY_DENIED'],
  [133, 'POLICY_DENIED'],
  [133, 'POLICY_DENIED'],
  [155, 'CT_NO_MAP_FOUND'],
];
/** Flags of packets from the client and from the server, with the summary's words. */
const FLAGS = {
  request: [['"SYN":true', 'SYN'], ['"ACK":true', 'ACK'], ['"ACK":true', 'ACK'], ['"PSH":true,"ACK":true', 'ACK, PSH'], ['"PSH":true,"ACK":true', 'ACK, PSH'], ['"FIN":true,"ACK":true', 'ACK, FIN'], ['"SYN":true', 'SYN']],
  answer: [['"SYN":true,"ACK":true', 'SYN, ACK'], ['"ACK":true', 'ACK'], ['"PSH":true,"ACK":true', 'ACK, PSH'], ['"FIN":true,"ACK":true', 'ACK, FIN'], ['"SYN":true,"ACK":true', 'SYN, ACK']],
};
const RESET = ['"RST":true,"ACK":true', 'ACK, RST'];

/** Go's encoding/json escapes what could be HTML. */
const json = (value) => JSON.stringify(value).replaceAll('&', '\\u0026').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');

function labelsOf({ number, namespace, name, team }) {
  const labels = [
    `k8s:app.kubernetes.io/name=${name}`,
    `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
    'k8s:io.cilium.k8s.policy.cluster=prod-eu-1',
    `k8s:io.cilium.k8s.policy.serviceaccount=${name}`,
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
  ];
  if (number % 2 === 0) labels.push('k8s:app.kubernetes.io/component=server', `k8s:app.kubernetes.io/instance=${name}-prod`);
  if (number % 5 < 2) labels.push(`k8s:io.cilium.k8s.namespace.labels.team=${team}`);
  if (number % 3 === 0) labels.push('k8s:security.istio.io/tlsMode=istio', `k8s:service.istio.io/canonical-name=${name}`);
  // Not from Kubernetes, which takes no such values: what people write for Docker, with what looks like a field.
  if (number % 100 === 99) labels.push('container:description=R&D "is_reply":true <Zoë>');
  return json(labels.toSorted());
}

/** A pod's end of a flow, at its own node and elsewhere. Few pods are many ends. */
function endOf(pod) {
  if (pod.json === undefined) {
    const { workload, name } = pod;
    const { kind, namespace, number } = workload;
    workload.labels ??= labelsOf(workload);
    pod.json = `"identity":${1_000 + number},"cluster_name":"prod-eu-1","namespace":"${namespace}","labels":${workload.labels},"pod_name":"${name}","workloads":[{"name":"${workload.name}","kind":"${kind}"}]}`;
    pod.local = `{"ID":${pod.endpoint},${pod.json}`;
    pod.remote = `{${pod.json}`;
  }
  return pod;
}

/** Where on its way a packet is seen, by whose node sees it: most often where it arrives. */
const POINTS = {
  arriving: ['TO_ENDPOINT'],
  leaving: ['TO_STACK', 'TO_STACK', 'TO_STACK', 'TO_STACK', 'TO_OVERLAY', 'FROM_ENDPOINT'],
};
const SUB_TYPES = { TO_ENDPOINT: '', TO_STACK: ',"sub_type":3', TO_OVERLAY: ',"sub_type":4', FROM_ENDPOINT: ',"sub_type":5' };

/** Gives a flow with this time, each time another one. */
export function hubbleFlows(size, seed = 11) {
  const { workloads, nodes, edges, others } = makeCluster(size);
  const below = random(seed);
  const edge = zipf(shuffled([...edges, ...others], below), below);
  const lookup = zipf(edges.filter(({ protocol }) => protocol === 'UDP'), below);
  const pick = (items) => items[below(items.length)];
  const mac = () => `${hex4(below)}:${hex4(below)}:${hex4(below)}`.replace(/\w\w(?=\w)/g, '$&:');
  const labels = new Map(nodes.map((node) => [node, json(Object.entries(node.labels).map(([key, value]) => `${key}=${value}`))]));
  let count = 0;

  const endOfParty = (party) => {
    if (party.type === 'workload') return endOf(pick(party.pods));
    const address = party.type === 'node' ? pick(nodes).address : party.address;
    return { address, name: party.name, local: RESERVED[party.type], remote: RESERVED[party.type], node: null };
  };

  /** The record around what a kind of event says: `facts` before the ends, `more` behind them. */
  const record = (time, { source, destination, isReply, node }, { verdict, l4, facts = '', type = 'L3_L4', more, summary }) => {
    const at = (end) => (end.node === node ? end.local : end.remote);
    const names = (key, end) => (end.workload === undefined && end.name ? `,"${key}":["${end.name}"]` : '');
    const reply = isReply === null ? '' : `${isReply ? ',"reply":true' : ''},"is_reply":${isReply}`;
    return `{"flow":{"time":"${time}","uuid":"${uuid(below)}","emitter":{"name":"Hubble","version":"1.19.2+g3977f6a1"},"verdict":"${verdict}"${facts},"ethernet":{"source":"${mac()}","destination":"${mac()}"},"IP":{"source":"${source.address}","destination":"${destination.address}","ipVersion":"IPv4"},"l4":${l4},"source":${at(source)},"destination":${at(destination)},"Type":"${type}","node_name":"${node.name}","node_labels":${labels.get(node)}${names('source_names', source)}${names('destination_names', destination)}${more}${reply},"Summary":"${summary}"},"node_name":"${node.name}","time":"${time}"}`;
  };

  const ports = (protocol, source, destination, flags = '') => `{"${protocol}":{"source_port":${source},"destination_port":${destination}${flags}}}`;
  const device = () => `,"interface":{"index":${below(400)},"name":"lxc${hex4(below)}${hex4(below)}${hex4(below)}"}`;

  /** The node's own doings: its kubelet and Cilium's health checks at a pod, and sockets that ask for a Service. */
  const local = (time, kind) => {
    const pod = endOf(pick(pick(workloads).pods));
    const clientPort = 32_768 + below(28_232);
    const way = { source: pod, destination: pod, isReply: false, node: pod.node };
    if (kind === 'socket') {
      const { service, port } = pick(workloads);
      const to = { address: service, local: '{"identity":2,"labels":["reserved:world"]}', remote: '{"identity":2,"labels":["reserved:world"]}', node: null };
      return record(time, { ...way, destination: to, isReply: null }, { verdict: 'TRACED', l4: ports('TCP', clientPort, port), type: 'SOCK', more: `,"event_type":{"type":${EVENT.socket}},"traffic_direction":"EGRESS","sock_xlate_point":"SOCK_XLATE_POINT_PRE_DIRECTION_FWD"`, summary: 'TCP' });
    }
    const source = { address: pod.node.address, local: RESERVED[kind], remote: RESERVED[kind], node: pod.node };
    return record(time, { ...way, source }, { verdict: 'FORWARDED', l4: ports('TCP', clientPort, kind === 'health' ? 4_240 : pod.workload.port, ',"flags":{"SYN":true}'), more: `,"event_type":{"type":${EVENT.trace}},"traffic_direction":"INGRESS","trace_observation_point":"TO_ENDPOINT","trace_reason":"NEW"${device()}`, summary: 'TCP Flags: SYN' });
  };

  const http = (time, way, { port, to }, direction) => {
    const path = `/api/v${1 + below(3)}/${pick(['items', 'orders', 'users'])}/${below(100_000)}`;
    const url = `"http://${to.name}:${port}${path}?page=${below(50)}\\u0026q=\\"${letters(SAFE_LETTERS, 8, below)}\\""`;
    const code = way.isReply ? pick([200, 200, 200, 200, 201, 204, 304, 404, 500]) : 0;
    const method = pick(['GET', 'GET', 'GET', 'POST', 'PUT']);
    const l7 = `,"l7":{"type":"${way.isReply ? 'RESPONSE' : 'REQUEST'}"${way.isReply ? `,"latency_ns":"${below(90_000_000)}"` : ''},"http":{${way.isReply ? `"code":${code},` : ''}"method":"${method}","url":${url},"protocol":"HTTP/1.1","headers":[{"key":"User-Agent","value":"Go-http-client/1.1"},{"key":"X-Request-Id","value":"${uuid(below)}"}]}}`;
    return record(time, way, { verdict: 'FORWARDED', l4: ports('TCP', way.sourcePort, way.destinationPort), type: 'L7', more: `${l7},"event_type":{"type":${EVENT.l7}},"traffic_direction":"${direction}"`, summary: `HTTP/1.1 ${way.isReply ? code : ''} ${method}` });
  };

  const dns = (time, way, direction) => {
    const query = `${letters(SAFE_LETTERS, 6, below)}.${pick(workloads).namespace}.svc.cluster.local.`;
    const answer = way.isReply ? ',"ips":["10.96.0.10"],"ttl":30,"rrtypes":["A"]' : '';
    return record(time, way, { verdict: 'FORWARDED', l4: ports('UDP', way.sourcePort, way.destinationPort), type: 'L7', more: `,"l7":{"type":"${way.isReply ? 'RESPONSE' : 'REQUEST'}","dns":{"query":"${query}"${answer},"observation_source":"proxy","qtypes":["A"]}},"event_type":{"type":${EVENT.l7}},"traffic_direction":"${direction}"`, summary: `DNS Query ${query} A` });
  };

  /** A drop does not say whether it was an answer. */
  const drop = (time, way, l4, direction, [reason, words]) =>
    record(time, { ...way, isReply: null }, { verdict: 'DROPPED', l4, facts: `,"drop_reason":${reason}`, more: `,"event_type":{"type":${EVENT.drop},"sub_type":${reason}},"traffic_direction":"${direction}","drop_reason_desc":"${words}"${device()}`, summary: 'TCP' });

  const policyVerdict = (time, way, l4, direction) => {
    const verdict = pick(['FORWARDED', 'FORWARDED', 'FORWARDED', 'REDIRECTED', 'AUDIT']);
    return record(time, way, { verdict, l4, more: `,"event_type":{"type":${EVENT.policyVerdict}},"traffic_direction":"${direction}","policy_match_type":4,"policy_log":["default"]`, summary: 'TCP Flags: SYN' });
  };

  const trace = (time, way, l4, direction, [flags, words]) => {
    const arrives = way.isReply === (direction === 'EGRESS');
    const point = pick(arrives ? POINTS.arriving : POINTS.leaving);
    // Packets in the tunnel are not looked up among the node's connections.
    const isKnown = point !== 'TO_OVERLAY';
    const reason = isKnown ? `,"trace_reason":"${way.isReply ? 'REPLY' : flags === '"SYN":true' ? 'NEW' : 'ESTABLISHED'}"` : '';
    const service = !way.isReply && direction === 'EGRESS' && way.destination.workload !== undefined ? `,"destination_service":{"name":"${way.destination.workload.name}","namespace":"${way.destination.workload.namespace}"}` : '';
    return record(time, { ...way, isReply: isKnown ? way.isReply : null }, { verdict: 'FORWARDED', l4, more: `,"event_type":{"type":${EVENT.trace}${SUB_TYPES[point]}}${service},"traffic_direction":"${direction}","trace_observation_point":"${point}"${reason}${device()}`, summary: words });
  };

  const flow = (time) => {
    const drawn = below(LOOKUP_EVERY) === 0 ? lookup() : edge();
    const { from, to, protocol, port, isDenied } = drawn;
    const [client, server] = [endOfParty(from), endOfParty(to)];
    const isReply = below(100) < 45;
    const clientPort = 32_768 + below(28_232);
    // Who has a node sees it: both pods' nodes do, each for itself.
    const seesClient = client.node !== null && (server.node === null || below(2) === 0);
    const direction = seesClient ? 'EGRESS' : 'INGRESS';
    const [sourcePort, destinationPort] = isReply ? [port, clientPort] : [clientPort, port];
    const way = { source: isReply ? server : client, destination: isReply ? client : server, isReply, node: (seesClient ? client : server).node, sourcePort, destinationPort };
    if (protocol === 'ICMP') return trace(time, way, `{"ICMPv4":{${isReply ? '' : '"type":8'}}}`, direction, ['"SYN":true', 'ICMPv4 Echo']);
    const event = below(1_000);
    if (protocol === 'UDP') return event < 150 ? dns(time, way, direction) : trace(time, way, ports('UDP', sourcePort, destinationPort), direction, ['', 'UDP']);
    if (event < 40 && to.type === 'workload') return http(time, way, drawn, direction);
    const flags = isReply ? (event === 41 ? RESET : pick(FLAGS.answer)) : pick(FLAGS.request);
    const l4 = ports('TCP', sourcePort, destinationPort, `,"flags":{${flags[0]}}`);
    if (isReply && event === 42) return drop(time, way, l4, direction, DROPS[0]);
    if (!isReply && isDenied && event < 500) return drop(time, way, l4, direction, pick(DROPS));
    if (!isReply && event < 60) return policyVerdict(time, way, l4, direction);
    return trace(time, way, l4, direction, [flags[0], `TCP Flags: ${flags[1]}`]);
  };

  return (time) => {
    if (++count % ROLLOUT_EVERY === 0) rollOut(pick(workloads), { nodes }, below);
    const own = below(1_000);
    if (own < 12) return local(time, own < 4 ? 'socket' : own < 8 ? 'health' : 'host');
    return flow(time);
  };
}

/** The exporter could not keep up once in so many records. */
const LOST_EVERY = 10_000;

export function writeHubble(path, count, size) {
  const flow = hubbleFlows(size);
  const { nodes } = makeCluster(size);
  const below = random(13);
  const time = times(below, nanoseconds);
  writeLines(path, count, (i) => {
    if (i % LOST_EVERY !== LOST_EVERY - 1) return flow(time());
    return `{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"${1 + below(1_000)}"},"node_name":"${nodes[below(nodes.length)].name}","time":"${time()}"}`;
  });
}

/** Every connection between workloads, opened and answered twice within an hour: as much as teaches each of them. */
export function writeEveryEdge(path, size) {
  const { edges } = makeCluster(size);
  const START = Date.UTC(2026, 2, 26, 2);
  writeLines(path, edges.length * 4, (i) => {
    const { from, to, protocol, port } = edges[i >> 2];
    const [again, isReply] = [i & 2 ? 1 : 0, (i & 1) === 1];
    const [client, server] = [from, to].map(({ pods }) => endOf(pods[again % pods.length]));
    const [source, destination] = isReply ? [server, client] : [client, server];
    const clientPort = 32_768 + again;
    const time = new Date(START + i).toISOString();
    const flags = protocol === 'TCP' ? `,"flags":{"SYN":true${isReply ? ',"ACK":true' : ''}}` : '';
    return `{"flow":{"time":"${time}","verdict":"FORWARDED","IP":{"source":"${source.address}","destination":"${destination.address}","ipVersion":"IPv4"},"l4":{"${protocol}":{"source_port":${isReply ? port : clientPort},"destination_port":${isReply ? clientPort : port}${flags}}},"source":${source.local},"destination":${destination.local},"Type":"L3_L4","node_name":"${server.node.name}","event_type":{"type":4,"sub_type":0},"traffic_direction":"INGRESS","trace_observation_point":"${isReply ? 'TO_STACK' : 'TO_ENDPOINT'}","trace_reason":"${isReply ? 'REPLY' : 'NEW'}","is_reply":${isReply}},"node_name":"${server.node.name}","time":"${time}"}`;
  });
}
