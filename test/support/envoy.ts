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

export function accessLine(line: AccessLine): string {
  const start = new Date(line.time ?? T0).toISOString();
  const request = `${line.method ?? 'GET'} ${line.path ?? '/'} ${line.protocol ?? 'HTTP/1.1'}`;
  return [
    `[${start}]`,
    `"${request}"`,
    line.code ?? 200,
    line.flags ?? '-',
    line.details ?? 'via_upstream',
    line.termination ?? '-',
    `"${line.failure ?? '-'}"`,
    line.received ?? 0,
    line.sent ?? 100,
    5,
    4,
    `"${line.forwardedFor ?? '-'}"`,
    `"${line.agent ?? 'curl/8'}"`,
    '"8f2c1a30-0000-4000-8000-000000000001"',
    `"${line.authority ?? 'reviews:9080'}"`,
    `"${line.host ?? '10.0.0.2:9080'}"`,
    line.cluster,
    line.upstreamLocal ?? '10.0.0.1:41000',
    line.downstreamLocal ?? '10.96.0.2:9080',
    line.downstreamRemote ?? '10.0.0.1:40000',
    line.sni ?? '-',
    line.route ?? 'default',
  ].join(' ');
}

export const outbound = (line: Partial<AccessLine> = {}): string => accessLine({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local', ...line });

export const inbound = (line: Partial<AccessLine> = {}): string =>
  accessLine({ cluster: 'inbound|9080||', host: '10.0.0.2:9080', upstreamLocal: '127.0.0.6:41000', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '10.0.0.1:41000', ...line });

/** A TCP connection, which its proxy logs when it ends. */
export const tcp = (line: Partial<AccessLine> = {}): string =>
  accessLine({ cluster: 'outbound|3306||mysql.shop.svc.cluster.local', method: '-', path: '-', protocol: '-', code: 0, details: '-', host: '10.0.0.3:3306', downstreamLocal: '10.96.0.3:3306', ...line });
