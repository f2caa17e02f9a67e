import { T0 } from './hubble.ts';

/** Istio's default access log line for tests. */
export interface AccessLine {
  readonly time?: number;
  readonly method?: string;
  readonly path?: string;
  readonly protocol?: string;
  readonly code?: number;
  readonly flags?: string;
  readonly details?: string;
  readonly termination?: string;
  readonly failure?: string;
  readonly received?: number;
  readonly sent?: number;
  readonly forwardedFor?: string;
  readonly agent?: string;
  readonly authority?: string;
  readonly host?: string;
  readonly cluster: string;
  readonly upstreamLocal?: string;
  readonly downstreamLocal?: string;
  readonly downstreamRemote?: string;
  readonly sni?: string;
  readonly route?: string;
}

/** What is not said is as in an ordinary request to the reviews Service. */
export function filled(line: AccessLine): Required<AccessLine> {
  return {
    time: T0,
    method: 'GET',
    path: '/',
    protocol: 'HTTP/1.1',
    code: 200,
    flags: '-',
    details: 'via_upstream',
    termination: '-',
    failure: '-',
    received: 0,
    sent: 100,
    forwardedFor: '-',
    agent: 'curl/8',
    authority: 'reviews:9080',
    host: '10.0.0.2:9080',
    upstreamLocal: '10.0.0.1:41000',
    downstreamLocal: '10.96.0.2:9080',
    downstreamRemote: '10.0.0.1:40000',
    sni: '-',
    route: 'default',
    ...line,
  };
}

export const REQUEST_ID = '8f2c1a30-0000-4000-8000-000000000001';

export function accessLine(line: AccessLine): string {
  const l = filled(line);
  return [
    `[${new Date(l.time).toISOString()}]`,
    `"${l.method} ${l.path} ${l.protocol}"`,
    l.code,
    l.flags,
    l.details,
    l.termination,
    `"${l.failure}"`,
    l.received,
    l.sent,
    5,
    4,
    `"${l.forwardedFor}"`,
    `"${l.agent}"`,
    `"${REQUEST_ID}"`,
    `"${l.authority}"`,
    `"${l.host}"`,
    l.cluster,
    l.upstreamLocal,
    l.downstreamLocal,
    l.downstreamRemote,
    l.sni,
    l.route,
  ].join(' ');
}

export const outbound = (line: Partial<AccessLine> = {}): string => accessLine({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local', ...line });

export const inbound = (line: Partial<AccessLine> = {}): string =>
  accessLine({ cluster: 'inbound|9080||', host: '10.0.0.2:9080', upstreamLocal: '127.0.0.6:41000', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '10.0.0.1:41000', ...line });

/** A TCP connection, which its proxy logs when it ends. */
export const tcp = (line: Partial<AccessLine> = {}): string =>
  accessLine({ cluster: 'outbound|3306||mysql.shop.svc.cluster.local', method: '-', path: '-', protocol: '-', code: 0, details: '-', host: '10.0.0.3:3306', downstreamLocal: '10.96.0.3:3306', ...line });
