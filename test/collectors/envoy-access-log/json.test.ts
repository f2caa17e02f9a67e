import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { anyText } from '../../support/any-text.ts';
import { decode } from '../../support/decode.ts';
import { istioJson, omittedJson, typedJson } from '../../support/envoy-formats.ts';
import type { AccessLine } from '../../support/envoy.ts';

const INBOUND: AccessLine = { cluster: 'inbound|9080||', path: '/reviews', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '10.0.0.1:41000', upstreamLocal: '127.0.0.6:41000' };
const EDGE = '@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, destination:inbound GET /reviews';
const one = (record: string): string => decode(envoyAccessLog, [record]).records[0] ?? '';
const json = (more: Readonly<Record<string, unknown>> = {}): string => {
  const value: Record<string, unknown> = { ...typedJson(INBOUND), ...more };
  for (const key of Object.keys(value)) if (value[key] === undefined) delete value[key];
  return JSON.stringify(value);
};

describe('access log JSON: values', () => {
  it.each([
    ['a line of Istio’s', '{"authority":"httpbin:8000","bytes_received":0,"bytes_sent":135,"connection_termination_details":null,"downstream_local_address":"10.44.1.27:80","downstream_remote_address":"10.44.1.23:37652","duration":3,"method":"GET","path":"/status/418","protocol":"HTTP/1.1","request_id":"84961386","requested_server_name":"outbound_.8000_._.httpbin.foo.svc.cluster.local","response_code":418,"response_code_details":"via_upstream","response_flags":"-","route_name":"default","start_time":"2020-11-25T21:26:18.409Z","upstream_cluster":"inbound|8000||","upstream_host":"127.0.0.1:80","upstream_local_address":"127.0.0.1:41854","upstream_service_time":"1","upstream_transport_failure_reason":null,"user_agent":"curl/7.73.0-DEV","x_forwarded_for":null}', '@10.44.1.23 -> @10.44.1.27 80/TCP open forwarded established, destination:inbound GET /status/{id}'],
    ['a mixer’s status of old releases', json({ istio_policy_status: '-' }), EDGE],
    ['keys that nobody knows', json({ extra: { upstream_host: '6.6.6.6:1', nested: [1, { method: 'DELETE' }] }, 'upstream_host ': '6.6.6.6:1', UPSTREAM_HOST: '6.6.6.6:1' }), EDGE],
    ['a status as text', json({ response_code: '200' }), EDGE],
    ['no status at all', json({ response_code: null }), EDGE.replace('established', 'unanswered').replace(' GET /reviews', '')],
    ['no bytes', json({ bytes_received: null, bytes_sent: '-' }), EDGE],
    ['no flags', json({ response_flags: undefined }), EDGE],
    ['empty texts', json({ response_flags: '', connection_termination_details: '', upstream_transport_failure_reason: '' }), EDGE],
    ['escapes', json().replace('"/reviews"', '"\\u002freviews"').replace('10.0.0.2:9080', '10.0.0.2\\u003a9080').replace('"GET"', '"G\\u0045T"'), EDGE],
    ['an escaped key', json().replace('"path"', '"p\\u0061th"'), EDGE],
    ['a repeated key: the last counts', json().replace('{', '{"downstream_remote_address":"6.6.6.6:1",'), EDGE],
    ['a client with a certificate', json({ downstream_peer_uri_san: 'spiffe://cluster.local/ns/shop/sa/web' }), EDGE.replace('@10.0.0.1', '@10.0.0.1(shop/web)')],
    ['a client told by its socket, not by a header', json({ downstream_remote_address: '6.6.6.6:0', downstream_direct_remote_address: '10.0.0.1:41000' }), EDGE],
    ['a query', json({ path: '/reviews?token=hunter2' }), EDGE],
    ['a query behind an escape', json().replace('"/reviews"', '"\\/reviews?token=\\u0068unter2"'), EDGE],
    ['a fragment', json({ path: '/reviews#hunter2' }), EDGE],
    ['a path that is none', json({ path: 7 }), EDGE.replace(' GET /reviews', '')],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });

  it('reads bytes as numbers and as text, and knows when there are none', () => {
    const bytes = (received: unknown, sent: unknown): readonly (number | null | undefined)[] => {
      const [flow] = decode(envoyAccessLog, [json({ bytes_received: received, bytes_sent: sent })]).flows;
      return [flow?.bytesOut, flow?.bytesIn];
    };
    expect(bytes(12, 34)).toEqual([12, 34]);
    expect(bytes('12', '34')).toEqual([12, 34]);
    expect(bytes(null, undefined)).toEqual([null, null]);
    expect(bytes('-', '')).toEqual([null, null]);
    expect(bytes(1.5, -3)).toEqual([null, null]);
  });

  it('the order of the keys says nothing', () => {
    const entries = Object.entries(omittedJson(INBOUND));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }), (shuffled) => {
        expect(one(JSON.stringify(Object.fromEntries(shuffled)))).toBe(EDGE);
      }),
      { numRuns: 100 },
    );
  });

  it('a key that is left out is a value that is none', () => {
    const dashes = istioJson(INBOUND);
    for (const key of Object.keys(dashes)) {
      if (key === 'start_time') continue;
      expect(one(JSON.stringify({ ...dashes, [key]: undefined }))).toBe(one(JSON.stringify({ ...dashes, [key]: '-' })));
      expect(one(JSON.stringify({ ...dashes, [key]: null }))).toBe(one(JSON.stringify({ ...dashes, [key]: '-' })));
    }
  });
});

describe('access log JSON: what is no record', () => {
  it.each([
    ['an object in place of a text', json({ upstream_host: { ip: '10.0.0.2' } }), 'skip malformed'],
    ['a list in place of a text', json({ upstream_cluster: ['inbound|9080||'] }), 'skip malformed'],
    ['a truth in place of a text', json({ response_flags: true }), 'skip malformed'],
    ['a time that is none', json({ start_time: 'yesterday' }), 'skip malformed'],
    ['a time as a number', json({ start_time: 1_772_452_800 }), 'skip malformed'],
    ['an address that is none', json({ upstream_host: 'x', downstream_local_address: '10.0.0.2:http' }), 'skip malformed'],
    ['no time', json({ start_time: undefined }), 'skip not-a-flow'],
    ['a time alone', '{"start_time":"2026-03-02T12:00:00.000Z"}', 'skip not-a-flow'],
    ['cut off', json().slice(0, -2), 'skip'],
    ['two at once', `${json()}${json()}`, 'skip'],
    ['a list', `[${json()}]`, 'skip'],
    ['too deep', json({ extra: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) as unknown }), 'skip'],
  ])('%s', (_, record, expected) => {
    expect(one(record).slice(0, expected.length)).toBe(expected);
  });

  it('is not taken from the words of a client', () => {
    const line = { ...INBOUND, code: 403, details: 'rbac_access_denied_matched_policy[none]' };
    fc.assert(
      fc.property(anyText(40), fc.constantFrom('user_agent', 'x_forwarded_for', 'authority', 'request_id', 'route_name'), (text, key) => {
        expect(one(JSON.stringify({ ...typedJson(line), [key]: `${text}","response_code_details":"via_upstream` }))).toContain('dropped rejected');
      }),
      { numRuns: 150 },
    );
  });

  it('a path or method of anything makes at most an operation', () => {
    fc.assert(
      fc.property(anyText(30), fc.string({ maxLength: 8 }), (path, method) => {
        const { flows, records } = decode(envoyAccessLog, [json({ path, method: `M${method}` })]);
        expect(records[0]).toContain('@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established');
        const told = flows[0]?.operation;
        if (told !== null && told !== undefined) expect(`${told.method} ${told.path}`).toMatch(/^[A-Z-]+ (\*|\/[\x21-\x7e]*)$/);
      }),
      { numRuns: 150 },
    );
  });
});
