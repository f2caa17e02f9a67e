import { describe, expect, it } from 'vitest';
import { hubble } from '../../../collectors/hubble/index.ts';
import { decode } from '../../support/decode.ts';
import { hubbleFlow, hubbleLine, pod, type HubbleFlow } from '../../support/hubble.ts';

const base: HubbleFlow = { from: pod('shop', 'web-1', '10.0.0.1'), to: pod('shop', 'cart-0', '10.0.0.2'), port: 8080 };
const line = (more: Partial<HubbleFlow> = {}): string => hubbleLine({ ...base, ...more });
const all = (...records: readonly string[]): readonly string[] => decode(hubble, records).records;

describe('values as protojson writes them', () => {
  it('a null and a text of null are not mixed up, whichever comes first', () => {
    const nothing = line().replace('"destination":"10.0.0.2"', '"destination":null');
    const text = line().replace('"destination":"10.0.0.2"', '"destination":"null"');
    expect(all(nothing, text)).toEqual([all(nothing)[0], all(text)[0]]);
    expect(all(text, nothing)).toEqual([all(text)[0], all(nothing)[0]]);
  });
  it('an end that is a text of {} and one that is {}', () => {
    const empty = line({ to: { ip: '10.0.0.2' } });
    const text = empty.replace('"destination":{}', '"destination":"{}"');
    expect(all(text, empty)).toEqual([all(text)[0], all(empty)[0]]);
  });
  it('an empty or null field is an absent one', () => {
    const flow = hubbleFlow(base) as Record<string, unknown>;
    const outer = { node_name: 'node-b', time: '2026-03-02T12:00:00Z' };
    expect(decode(hubble, [JSON.stringify({ flow: { ...flow, node_name: '' }, ...outer })]).flows[0]?.node).toBe('node-b');
    expect(decode(hubble, [JSON.stringify({ flow: { ...flow, time: null }, ...outer })]).flows).toHaveLength(1);
    expect(all(line({ extra: { verdict: null } }))).toEqual(['skip incomplete']);
  });
  it('an escaped time is the same time', () => {
    expect(all(line().replaceAll('"time":"2026', '"time":"\\u0032026'))).toEqual(all(line()));
  });
  it('a dropped echo reply is a lost answer', () => {
    const record = hubbleLine({ from: base.to, to: base.from, verdict: 'DROPPED', extra: { is_reply: undefined, l4: { ICMPv4: { type: 0 } }, event_type: { type: 1 } } });
    expect(all(record)[0]).toContain('shop/web-1@10.0.0.1 -> shop/cart-0@10.0.0.2 0/ICMP lost-answer');
  });
  it('a node is called `node` or `cluster/node`', () => {
    expect(decode(hubble, [line({ node: 'a/b/c/d' })]).flows[0]?.node).toBe('');
  });
});
