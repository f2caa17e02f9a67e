import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { decode } from '../../support/decode.ts';
import { envoyDefault, inEachFormat, istioJson, istioOld, typedJson } from '../../support/envoy-formats.ts';
import { accessLine, inbound, outbound, type AccessLine } from '../../support/envoy.ts';

const OUTBOUND: AccessLine = { cluster: 'outbound|9080||reviews.shop.svc.cluster.local', path: '/reviews' };
const INBOUND: AccessLine = { cluster: 'inbound|9080||', path: '/reviews', downstreamLocal: '10.0.0.2:9080', upstreamLocal: '127.0.0.6:41000' };

/** `forwarded established`, and the operation behind it if there is one. */
function outcome(record: string, owner = 'web-1'): string {
  const { flows, records } = decode(envoyAccessLog, [record], { origin: { source: 'test', owner: { namespace: 'shop', pod: owner, container: null } } });
  const [flow] = flows;
  if (flow === undefined) return records[0] ?? '';
  return `${flow.verdict} ${flow.outcome}${flow.operation === null ? '' : ` ${flow.operation.method} ${flow.operation.path}`}`;
}

const RESET = 'upstream_reset_before_response_started';

describe('access logs: only an answer of the server teaches', () => {
  it.each([100, 200, 204, 301, 304, 400, 409, 418, 429, 500, 502, 503, 504])('a status of %d that the server sent is a success', (code) => {
    for (const [, record] of inEachFormat({ ...INBOUND, code })) expect(outcome(record)).toBe('forwarded established GET /reviews');
    expect(outcome(envoyDefault({ code, path: '/reviews' }))).toBe('forwarded established GET /reviews');
  });

  it.each([401, 403, 404, 405])('a status of %d that the server sent is a success, and no operation', (code) => {
    for (const [, record] of inEachFormat({ ...INBOUND, code })) expect(outcome(record)).toBe('forwarded established');
    expect(outcome(envoyDefault({ code, path: '/reviews' }))).toBe('forwarded established');
  });

  it.each([
    ['the default deny', 'rbac_access_denied_matched_policy[none]'],
    ['a named policy', 'rbac_access_denied_matched_policy[ns[foo]-policy[deny-all]-rule[0]]'],
    ['an old release', 'rbac_access_denied'],
  ])('an AuthorizationPolicy’s refusal is a denial: %s', (_, details) => {
    const denied = { ...INBOUND, code: 403, details, host: '-', upstreamLocal: '-' };
    expect(outcome(accessLine(denied))).toBe('dropped rejected');
    expect(outcome(JSON.stringify(istioJson(denied)))).toBe('dropped rejected');
    expect(outcome(JSON.stringify(typedJson(denied)))).toBe('dropped rejected');
  });

  it('so is an external authorizer’s', () => {
    for (const details of ['ext_authz_denied', '-', 'via_upstream']) expect(outcome(inbound({ code: 403, flags: 'UAEX', details, host: '-' }))).toBe('dropped rejected');
    expect(outcome(istioOld({ ...INBOUND, code: 403, flags: 'UAEX' }))).toBe('dropped rejected');
    expect(outcome(inbound({ code: 403, flags: 'DI,UAEX', host: '-' }))).toBe('dropped rejected');
  });

  it('the word rbac elsewhere is no denial', () => {
    expect(outcome(inbound({ path: '/rbac_access_denied', agent: 'rbac_access_denied', failure: 'rbac_access_denied' }))).toBe('forwarded established GET /rbac_access_denied');
  });
});

describe('access logs: a server that was never reached teaches nothing', () => {
  // Each with the details and the status that Envoy writes beside it.
  const UNREACHED: readonly (readonly [flags: string, code: number, details: string])[] = [
    ['NR', 404, 'route_not_found'],
    ['NC', 503, 'cluster_not_found'],
    ['UH', 503, 'no_healthy_upstream'],
    ['UF', 503, `${RESET}{connection_failure}`],
    ['URX', 503, 'via_upstream'],
    ['URX,UF', 503, `${RESET}{remote_connection_failure}`],
    ['UF,URX', 503, `${RESET}{remote_connection_failure}`],
    ['UO', 503, `${RESET}{overflow}`],
    ['LH', 503, 'health_check_failed'],
    ['RL', 429, 'request_rate_limited'],
    ['RLSE', 500, 'rate_limiter_error'],
    ['FI', 503, 'fault_filter_abort'],
    ['IH', 400, 'request_header_invalid'],
    ['DPE', 400, 'http1.codec_error'],
    ['NFCF', 503, 'filter_config_missing'],
    ['OM', 503, 'overload'],
    ['DF', 503, 'dns_resolution_failure'],
    ['DO', 503, 'drop_overload'],
    ['UDO', 503, 'unconditional_drop_overload'],
    ['DI,FI', 503, 'fault_filter_abort'],
  ];

  it.each(UNREACHED)('%s', (flags, code, details) => {
    for (const line of [INBOUND, OUTBOUND]) {
      for (const [, record] of inEachFormat({ ...line, flags, code, details })) expect(outcome(record)).toMatch(/^forwarded (unanswered|refused)$/);
    }
    expect(outcome(envoyDefault({ flags, code }))).toMatch(/^forwarded (unanswered|refused)$/);
  });

  it.each([
    ['another flag beside it', { flags: 'DC,UH', code: 503 }],
    ['a status that looks well', { flags: 'UF', code: 200 }],
    ['details that look well', { flags: 'NR', code: 200, details: 'via_upstream' }],
    ['no status', { flags: 'UF', code: 0, details: '-' }],
  ])('%s does not help', (_, more) => {
    expect(outcome(outbound(more))).toMatch(/^forwarded (unanswered|refused)$/);
  });

  it.each([
    ['refused, by number', { failure: 'delayed_connect_error:_111' }, 'refused'],
    ['refused, by words', { failure: 'delayed connect error: Connection refused' }, 'refused'],
    ['refused, in the details', { details: `${RESET}{remote_connection_failure,delayed_connect_error:_111}` }, 'refused'],
    ['timed out, in the details', { details: `${RESET}{connection_timeout}` }, 'unanswered'],
    ['timed out, by words', { details: `${RESET}{connection_failure}`, failure: 'connection timeout' }, 'unanswered'],
    ['timed out, by the kernel', { details: `${RESET}{connection_failure}`, failure: 'delayed connect error: Connection timed_out' }, 'unanswered'],
  ])('what a failed connection came to: %s', (_, more, expected) => {
    expect(outcome(outbound({ flags: 'UF', code: 503, details: `${RESET}{connection_failure}`, upstreamLocal: '-', ...more }))).toBe(`forwarded ${expected}`);
  });

  it('words of the next line say nothing about this one', () => {
    const record = outbound({ flags: 'UF', code: 503, details: `${RESET}{connection_timeout}`, upstreamLocal: '-' });
    const next = outbound({ flags: 'UF', code: 503, details: `${RESET}{x}`, failure: 'delayed_connect_error:_111', upstreamLocal: '-' });
    expect(decode(envoyAccessLog, [record, next]).flows.map((flow) => flow.outcome)).toEqual(['unanswered', 'refused']);
  });
});

describe('access logs: servers that break off', () => {
  it.each([
    ['reset before an answer', { flags: 'UC', code: 503, details: `${RESET}{connection_termination}` }, 'refused'],
    ['reset by the remote end', { flags: 'UR', code: 503, details: `${RESET}{remote_reset}` }, 'refused'],
    ['reset by this end', { flags: 'LR', code: 503, details: `${RESET}{local_reset}` }, 'refused'],
    ['no answer in time', { flags: 'UT', code: 504, details: 'upstream_response_timeout' }, 'unanswered'],
    ['an answer that is none', { flags: 'UPE', code: 502, details: `${RESET}{protocol_error}` }, 'unanswered'],
    ['idle for too long', { flags: 'SI', code: 408, details: 'stream_idle_timeout' }, 'unanswered'],
    ['open for too long', { flags: 'DT', code: 504, details: 'duration_timeout' }, 'unanswered'],
    ['the client left first', { flags: 'DC', code: 0, details: 'downstream_remote_disconnect' }, 'unanswered'],
    ['Envoy’s own answer', { code: 301, details: 'direct_response' }, 'unanswered'],
    ['Envoy’s own answer to a path it does not like', { code: 400, details: 'path_normalization_failed' }, 'unanswered'],
    ['no status at all', { code: 0 }, 'unanswered'],
  ])('%s is no success', (_, more, expected) => {
    expect(outcome(inbound(more))).toBe(`forwarded ${expected}`);
  });

  it.each([
    ['the client left in the middle of the answer', { flags: 'DC', code: 200 }],
    ['the answer broke off', { flags: 'UC', code: 200 }],
    ['the stream was idle after the answer began', { flags: 'SI', code: 200 }],
    ['a delay was injected before it', { flags: 'DI', code: 200 }],
  ])('%s: the server had answered', (_, more) => {
    expect(outcome(inbound({ path: '/reviews', ...more }))).toBe('forwarded established GET /reviews');
  });

  it('where a format carries no details, the flags decide', () => {
    expect(outcome(istioOld({ ...INBOUND, code: 503, flags: 'UC' }))).toBe('forwarded refused');
    expect(outcome(istioOld({ ...INBOUND, code: 504, flags: 'UT' }))).toBe('forwarded unanswered');
    expect(outcome(istioOld({ ...INBOUND, code: 503 }))).toBe('forwarded established GET /reviews');
    expect(outcome(istioOld({ ...INBOUND, code: 0, flags: 'DC' }))).toBe('forwarded unanswered');
  });

  it('a flag that nobody knows yet says nothing', () => {
    expect(outcome(inbound({ flags: 'NEW1', path: '/x' }))).toBe('forwarded established GET /x');
    expect(outcome(inbound({ flags: 'UFO', path: '/x' }))).toBe('forwarded established GET /x');
  });
});
