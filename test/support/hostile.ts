import { accessLine, inbound, outbound } from './envoy.ts';
import { connection, hubbleFlow, hubbleLine, pod, type HubbleFlow } from './hubble.ts';

/** What attackers, crashes and broken tools put among good records, with the reason that each is skipped for. */

export type Bad = readonly [what: string, record: string | Buffer, reason: string];

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' });
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.2', { app: 'cart' });
const BASE: HubbleFlow = { from: web, to: cart, port: 8080 };
const LINE = hubbleLine(BASE);

/** Texts that must not be found again in anything that is stored or printed. */
export const SECRETS = [
  'hunter2-in-the-query', 'hunter2-in-the-user', 'hunter2-in-the-fragment', 'hunter2-in-a-header', 'hunter2-in-the-agent', 'hunter2-in-the-host', 'hunter2-in-a-matrix',
  'eyJhbGciOiJIUzI1NiJ9', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'jane.doe@example.com', '4111111111111111', '9b74c9897bac770ffc029102a200c5de',
] as const;

const secretPath = `/api/v1/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl/keys/ghp_16C7e42F292c6912E7710c838347Ae178B4a/jane.doe@example.com/4111111111111111/9b74c9897bac770ffc029102a200c5de/cart;id=hunter2-in-a-matrix?token=hunter2-in-the-query#hunter2-in-the-fragment`;

/** How the path of every request with secrets is kept. */
export const KEPT_PATH = '/api/v1/{id}/keys/{id}/{id}/{id}/{id}/cart';

const withExtra = (extra: Readonly<Record<string, unknown>>): string => hubbleLine({ ...BASE, extra });
const withPort = (port: unknown): string => withExtra({ l4: { TCP: { source_port: 40_000, destination_port: port, flags: { SYN: true } } } });
const named = (more: Partial<HubbleFlow['from']>): string => hubbleLine({ ...BASE, from: { ...web, ...more } });
/** JSON that only text can say: two keys alike, numbers that JavaScript rounds. */
const raw = (text: string, by: string): string => {
  if (!LINE.includes(text)) throw new Error(`the line holds no ${text}`);
  return LINE.replace(text, by);
};
const nested = (depth: number): string => raw('"Type"', `"extensions":${'['.repeat(depth)}${']'.repeat(depth)},"Type"`);

/** Records that count: each is told as one flow. */
export const GOOD_L4: readonly string[] = [
  LINE,
  nested(60),
  raw('"Type"', '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"Type"'),
  raw('"verdict":"FORWARDED"', '"verdict":"DROPPED","verdict":"FORWARDED"'),
  raw('"Type"', '"\\u0054ype":"L3_L4","unknown":1e999999,"Type"'),
  withExtra({ node_name: '\u001b[2J\u001b[31mroot' }),
  withExtra({ aggregate: { ingress_flow_count: '99999999999999999999999' } }),
  hubbleLine({ ...BASE, point: '\u001b]0;pwned\u0007' }),
  named({ labels: ['k8s:app=web', 'k8s:note=# not: a [value]', 'k8s:x=\u001b[31m', 'k8s:=', '=', 'k8s:\u0000=1', '__proto__'] }),
];

const http = (url: string, method = 'GET'): NonNullable<HubbleFlow['http']> => ({ method, url, code: 200 });

export const GOOD_L7: readonly string[] = [
  ...connection({ ...BASE, http: http(`http://admin:hunter2-in-the-user@cart:8080${secretPath}`), extra: { headers: [{ key: 'Authorization', value: 'Bearer hunter2-in-a-header' }] } }),
  ...connection({ ...BASE, http: http('/search?token=hunter2-in-the-query') }).map((line) => line.replace('?', String.raw`\u003f`)),
  ...connection({ ...BASE, http: http('/search#hunter2-in-the-fragment') }),
  ...connection({ ...BASE, http: http('http://cart:8080/\u001b[31m/$(reboot)/{{x}}/- a: b') }),
  ...connection({ ...BASE, http: http('/ok', 'GET\r\nX: hunter2-in-a-header') }),
];

/** A client that writes what looks like the end of a line of its own, about somebody else. */
const FORGED = 'x" "id" "hunter2-in-the-host" "10.0.0.66:666" inbound|666|| 127.0.0.6:1 10.0.0.66:666 6.6.6.6:66 - default';

export const GOOD_ENVOY: readonly string[] = [
  outbound({ host: '10.0.0.2:8080' }),
  inbound({ downstreamLocal: '10.0.0.2:8080', host: '10.0.0.2:8080', path: secretPath, agent: 'hunter2-in-the-agent', authority: 'admin:hunter2-in-the-user@cart' }),
  inbound({ downstreamLocal: '10.0.0.2:8080', host: '10.0.0.2:8080', agent: FORGED, forwardedFor: '198.51.100.77' }),
  inbound({ downstreamLocal: '10.0.0.2:8080', host: '10.0.0.2:8080', path: '/\u001b[31m/%2e%2e/%00', agent: '\u001b[2J' }),
];

export const BAD_HUBBLE: readonly Bad[] = [
  ['a line that breaks off', LINE.slice(0, LINE.length / 2), 'malformed'],
  ['a line that begins in the middle', LINE.slice(LINE.length / 2), 'malformed'],
  ['two records in one line', LINE + LINE, 'malformed'],
  ['5 MiB in one line', raw('"Type"', `"extensions":"${'x'.repeat(5 << 20)}","Type"`), 'too-long'],
  ['65 levels', nested(65), 'malformed'],
  ['a hundred thousand levels', nested(100_000), 'malformed'],
  ['brackets alone', '['.repeat(100_000), 'malformed'],
  ['a list', `[${LINE}]`, 'malformed'],
  ['a number', '5', 'malformed'],
  ['null', 'null', 'malformed'],
  ['text', 'level=info msg="hello"', 'malformed'],
  ['a raw newline’s cousin in a string', raw('FORWARDED', 'FORWARDED\u0001'), 'malformed'],
  ['an escape that is none', raw('FORWARDED', '\\x46ORWARDED'), 'malformed'],
  ['bytes that are no UTF-8, in a name', Buffer.from(raw('web-6b746f74dc-9rcxx', 'web-\u00ff'), 'latin1'), 'bad-name'],
  ['no time', withExtra({ time: undefined }).replace(/,"time":"[^"]*"\}$/, '}'), 'incomplete'],
  ['a time that is none', withExtra({ time: 'yesterday' }), 'malformed'],
  ['a day that is none', withExtra({ time: '2026-02-31T00:00:00Z' }), 'malformed'],
  ['a time as a number', withExtra({ time: 1_772_452_800 }), 'malformed'],
  ['a verdict that is no text', withExtra({ verdict: { toString: 'FORWARDED' } }), 'malformed'],
  ['no verdict', withExtra({ verdict: undefined }), 'incomplete'],
  ['everything under __proto__', `{"flow":{"__proto__":${JSON.stringify(hubbleFlow(BASE))}},"time":"2026-03-02T12:00:00Z"}`, 'incomplete'],
  ['a flow that is a list', '{"flow":[],"time":"2026-03-02T12:00:00Z"}', 'malformed'],
  ['an end that is text', withExtra({ source: 'shop/web' }), 'malformed'],
  ['addresses in a list', withExtra({ IP: { source: ['10.0.0.1'], destination: '10.0.0.2' } }), 'malformed'],
  ['ports that are absent', withExtra({ l4: { TCP: { flags: { SYN: true } } } }), 'no-port'],
  ['a protocol that is text', withExtra({ l4: 'TCP' }), 'no-port'],
  ...['1e308', '65536', '-1', '8080.5', '99999999999999999999999999', '0x1f90', '"http"', 'true', '[8080]', '{}'].map((port): Bad => [`port ${port}`, withPort('PORT').replace('"PORT"', port), 'malformed']),
  ...['010.0.0.1', '0x0a.0.0.1', '10.1', '10.0.0.256', 'fe80::1%eth0', '10.0.0.1/8', 'localhost', '10.0.0.1\u0000'].map((ip): Bad => [`address ${JSON.stringify(ip)}`, named({ ip }), 'malformed']),
  ...['Web-0', 'web_0', '../../etc/passwd', 'web\n- evil: true', '-web', `a${'b'.repeat(253)}`, 'web: {}', '\u202eweb', '*'].map((name): Bad => [`pod ${JSON.stringify(name.slice(0, 20))}`, named({ pod: name }), 'bad-name']),
  ...['Shop', 'a.b', 'x'.repeat(64), 'shop\u001b[2J', '"', '__proto__'].map((namespace): Bad => [`namespace ${JSON.stringify(namespace.slice(0, 20))}`, named({ namespace }), 'bad-name']),
  ['a workload’s kind that is markup', named({ workload: ['<script>', 'web'] }), 'bad-name'],
  ['a workload’s name that is a path', named({ workload: ['Deployment', '../web'] }), 'bad-name'],
  ['a cluster’s name that is an escape', named({ cluster: '\u001b[2J' }), 'bad-name'],
];

const GOOD_LINE = outbound({ host: '10.0.0.2:8080' });

export const BAD_ENVOY: readonly Bad[] = [
  ['a line that breaks off', GOOD_LINE.slice(0, GOOD_LINE.length / 2), 'malformed'],
  ['5 MiB in one line', outbound({ host: '10.0.0.2:8080', path: `/${'x'.repeat(5 << 20)}` }), 'too-long'],
  ['a status that is none', GOOD_LINE.replace(' 200 - via', ' 2OO - via'), 'malformed'],
  ['a server’s address that is none', outbound({ host: '10.0.0.2:808080' }), 'malformed'],
  ['an address that is a word', accessLine({ cluster: 'outbound|8080||cart', host: 'cart:8080' }), 'malformed'],
  ['a proxy’s own words', '2026-03-02T12:00:00.000000Z\tinfo\tEnvoy proxy is ready', 'not-a-flow'],
  ['a time that is none', GOOD_LINE.replace('2026-03-02', '2026-13-99'), 'not-a-flow'],
  ['nothing that anybody knows', '\u001b[2J{"__proto__":1}', 'not-a-flow'],
  ['a hundred thousand levels', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'not-a-flow'],
  ['no server', outbound({ host: '-', flags: 'NR', code: 404, details: 'route_not_found', upstreamLocal: '-' }), 'no-server'],
];
