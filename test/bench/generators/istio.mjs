/** Access logs of the made-up cluster's proxies, as Istio 1.29 writes them by default: text, or JSON with the same values. */
import { makeCluster } from './cluster.mjs';
import { hex4, random, shuffled, uuid, zipf } from './random.mjs';
import { milliseconds, times } from './times.mjs';
import { writeLines } from './write.mjs';

const TCP_PORTS = new Set([5432, 6379, 9092]);
const GATEWAY_PORT = 8443;
const CLIENTS = [
  'Go-http-client/2.0',
  'grpc-go/1.62.1',
  'okhttp/4.12.0',
  'Apache-HttpClient/4.5.14 (Java/17.0.10)',
  'python-requests/2.31.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36',
];
/** What becomes of a request, of a thousand how many: code, flags, details, why there was no connection, and which addresses the proxy did not get to know. */
const FAILURES = [
  { share: 4, code: 503, flags: 'UF,URX', details: 'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}', failure: 'delayed_connect_error:_111', hasOwn: false, hasHost: true },
  { share: 3, code: 503, flags: 'UF,URX', details: 'upstream_reset_before_response_started{connection_timeout}', failure: null, hasOwn: false, hasHost: true },
  { share: 2, code: 503, flags: 'UH', details: 'no_healthy_upstream', failure: null, hasOwn: false, hasHost: false },
  { share: 2, code: 404, flags: 'NR', details: 'route_not_found', failure: null, hasOwn: false, hasHost: false },
  { share: 3, code: 504, flags: 'UT', details: 'upstream_response_timeout', failure: null, hasOwn: true, hasHost: true },
  { share: 3, code: 503, flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}', failure: null, hasOwn: true, hasHost: true },
  { share: 4, code: 0, flags: 'DC', details: 'downstream_remote_disconnect', failure: null, hasOwn: true, hasHost: true },
].flatMap(({ share, ...failure }) => Array.from({ length: share }, () => failure));
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
const DENIED = 'rbac_access_denied_matched_policy[none]';

const NOTHING = { method: null, path: null, protocol: null, code: 0, flags: '-', details: null, termination: null, failure: null, received: 0, sent: 0, duration: 0, upstreamTime: null, forwardedFor: null, agent: null, id: null, authority: null, host: null, cluster: null, own: null, local: '', remote: '', sni: null, route: null };

/** Gives what a proxy logs of a request or connection, each time another one, in the same object. */
function requests(size, seed = 17) {
  const { workloads, entries, edges, others } = makeCluster(size);
  const below = random(seed);
  const [gateway] = entries;
  const isLogged = ({ protocol, from, to }) => protocol === 'TCP' && [from, to].every(({ type }) => type === 'workload' || type === 'outside') && (from.type === 'workload' || to !== gateway);
  const edge = zipf(shuffled([...edges, ...others].filter(isLogged), below), below);
  const pick = (items) => items[below(items.length)];
  const clientPort = () => 32_768 + below(28_232);
  const hostOf = ({ type, name, namespace }) => (type === 'outside' ? name : `${name}.${namespace}.svc.cluster.local`);
  const r = { ...NOTHING };

  /** Addresses and cluster, as the proxy sees them that wrote the line: the gateway's, the client's or the server's. */
  const see = ({ from, to, port }) => {
    const server = to.type === 'outside' ? to : pick(to.pods);
    r.host = `${server.address}:${port}`;
    r.sni = null;
    if (from.type === 'outside') {
      const proxy = pick(gateway.pods).address;
      r.cluster = `outbound|${port}||${hostOf(to)}`;
      r.own = `${proxy}:${clientPort()}`;
      r.local = `${proxy}:${GATEWAY_PORT}`;
      r.remote = `${from.address}:${clientPort()}`;
      r.sni = hostOf(gateway);
      return 'gateway';
    }
    const client = pick(from.pods).address;
    r.remote = `${client}:${clientPort()}`;
    if (to.type === 'workload' && below(2) === 0) {
      r.cluster = `inbound|${port}||`;
      r.own = `127.0.0.6:${clientPort()}`;
      r.local = r.host;
      r.sni = `outbound_.${port}_._.${hostOf(to)}`;
      return 'inbound';
    }
    const isUnknown = to.type === 'outside' && to.address.endsWith('7');
    r.cluster = isUnknown ? 'PassthroughCluster' : `outbound|${port}||${hostOf(to)}`;
    r.own = `${client}:${clientPort()}`;
    r.local = to.type === 'outside' ? r.host : `${to.service}:${port}`;
    return 'outbound';
  };

  const deny = () => {
    r.host = r.own = null;
    r.received = r.sent = 0;
  };

  const connect = (isDenied, point) => {
    r.method = r.path = r.protocol = r.details = r.termination = r.failure = r.upstreamTime = r.forwardedFor = r.agent = r.id = r.authority = r.route = null;
    r.code = 0;
    r.flags = '-';
    r.received = below(20_000);
    r.sent = below(200_000);
    r.duration = below(600_000);
    if (isDenied) {
      r.termination = DENIED;
      deny();
    } else if (point !== 'inbound' && below(1_000) < 6) {
      r.own = null;
      r.flags = 'UF,URX';
      r.failure = pick(['delayed_connect_error:_111', 'connection_timeout']);
    }
  };

  /** What a server answers to: a handful of operations, many of some. */
  const routes = new Map();
  const routesOf = (server) => {
    if (!routes.has(server)) routes.set(server, Array.from({ length: 3 + Math.min(below(22), below(22)) }, () => ({ method: pick(METHODS), path: `/api/v${1 + below(3)}/${pick(workloads).team}`, isList: below(2) === 0 })));
    return routes.get(server);
  };
  /** A client asks for few of them, for one more than for the others; the public asks for all. */
  const uses = new Map();
  const useOf = (drawn) => {
    if (!uses.has(drawn)) {
      const all = shuffled(routesOf(drawn.to), below);
      uses.set(drawn, zipf(drawn.from.type === 'outside' ? all : all.slice(0, 1 + Math.min(below(8), below(8))), below));
    }
    return uses.get(drawn)();
  };
  const path = ({ path: prefix, isList }) => (isList ? `${prefix}/${uuid(below)}/items?limit=${below(100)}&sort=-created_at&cursor=${uuid(below)}${uuid(below)}${hex4(below)}` : `${prefix}/${uuid(below)}`);

  const ask = (isDenied, point, drawn) => {
    const { to, port } = drawn;
    const route = useOf(drawn);
    r.method = route.method;
    r.path = path(route);
    r.protocol = below(10) < 7 ? 'HTTP/1.1' : 'HTTP/2';
    r.code = pick([200, 200, 200, 200, 200, 200, 201, 204, 304, 404, 500]);
    r.flags = '-';
    r.details = 'via_upstream';
    r.termination = r.failure = null;
    r.received = below(5) < 3 ? 0 : below(20_000);
    r.sent = below(50_000);
    r.duration = 1 + below(900);
    r.upstreamTime = r.duration - 1;
    r.forwardedFor = point === 'gateway' ? r.remote.slice(0, r.remote.indexOf(':')) : null;
    r.agent = pick(CLIENTS);
    r.id = uuid(below);
    r.authority = `${hostOf(to)}:${port}`;
    r.route = 'default';
    const failure = point === 'inbound' ? undefined : FAILURES[below(1_000)];
    if (isDenied) {
      r.code = 403;
      r.details = DENIED;
      r.upstreamTime = null;
      deny();
    } else if (failure !== undefined) {
      r.code = failure.code;
      r.flags = failure.flags;
      r.details = failure.details;
      r.failure = failure.failure;
      r.upstreamTime = null;
      if (!failure.hasOwn) r.own = null;
      if (!failure.hasHost) r.host = null;
      if (failure.flags === 'NR') r.cluster = null;
    }
  };

  return () => {
    const drawn = edge();
    const point = see(drawn);
    const isDenied = drawn.isDenied && point === 'inbound' && below(2) === 0;
    if (TCP_PORTS.has(drawn.port)) connect(isDenied, point);
    else ask(isDenied, point, drawn);
    return r;
  };
}

const word = (value) => value ?? '-';
function text(time, r) {
  return `[${time}] "${word(r.method)} ${word(r.path)} ${word(r.protocol)}" ${r.code} ${r.flags} ${word(r.details)} ${word(r.termination)} "${word(r.failure)}" ${r.received} ${r.sent} ${r.duration} ${word(r.upstreamTime)} "${word(r.forwardedFor)}" "${word(r.agent)}" "${word(r.id)}" "${word(r.authority)}" "${word(r.host)}" ${word(r.cluster)} ${word(r.own)} ${r.local} ${r.remote} ${word(r.sni)} ${word(r.route)}`;
}

const quoted = (value) => (value === null ? 'null' : `"${value}"`);
function json(time, r, agent) {
  return `{"authority":${quoted(r.authority)},"bytes_received":${r.received},"bytes_sent":${r.sent},"connection_termination_details":${quoted(r.termination)},"downstream_local_address":"${r.local}","downstream_remote_address":"${r.remote}","duration":${r.duration},"method":${quoted(r.method)},"path":${quoted(r.path)},"protocol":${quoted(r.protocol)},"request_id":${quoted(r.id)},"requested_server_name":${quoted(r.sni)},"response_code":${r.code},"response_code_details":${quoted(r.details)},"response_flags":"${r.flags}","route_name":${quoted(r.route)},"start_time":"${time}","upstream_cluster":${quoted(r.cluster)},"upstream_host":${quoted(r.host)},"upstream_local_address":${quoted(r.own)},"upstream_service_time":${r.upstreamTime === null ? 'null' : `"${r.upstreamTime}"`},"upstream_transport_failure_reason":${quoted(r.failure)},"user_agent":${quoted(agent)},"x_forwarded_for":${quoted(r.forwardedFor)}}`;
}

/** The proxy's own log has the same stream, and is of the same time. */
const OWN_LINE = '\tinfo\txdsproxy\tconnected to delta upstream XDS server: istiod.istio-system.svc:15012\tid=';
const OWN_EVERY = 5_000;
/** Once in so many requests somebody's user agent has quotes and backslashes, which JSON escapes. */
const QUOTED_EVERY = 1_000;
const QUOTED = 'probe \\"upstream_host\\":\\"10.0.0.9:80\\" \\\\ 1.0';

function writeLog(path, count, size, format) {
  const request = requests(size);
  const below = random(19);
  const time = times(below, milliseconds);
  writeLines(path, count, (i) => {
    if (i % OWN_EVERY === OWN_EVERY - 1) return `${time()}${OWN_LINE}${i}`;
    const made = request();
    return format(time(), made, i);
  });
}

export const writeIstioText = (path, count, size) => writeLog(path, count, size, text);

export const writeIstioJson = (path, count, size) => writeLog(path, count, size, (time, made, i) => json(time, made, made.agent !== null && i % QUOTED_EVERY === 0 ? QUOTED : made.agent));
