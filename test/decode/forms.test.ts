import { describe, expect, it } from 'vitest';
import { hubble } from '../../collectors/hubble/index.ts';
import { decoderOf } from '../../src/decode/decoders.ts';
import { FormDecoder } from '../../src/decode/form-decoder.ts';
import { directoryOf } from '../support/directory.ts';
import { differences } from '../support/dump.ts';
import { hubbleFlow, hubbleLine, pod, T0, WORLD, type HubbleFlow } from '../support/hubble.ts';
import { learntBy, type ReadPortion } from '../support/learning.ts';

/** What reading by forms could get wrong, case by case: the database is that of the reference. */

const SETTINGS = { accessLogFormat: null };
const directory = directoryOf();
const fast = decoderOf(hubble, SETTINGS);

/** What differs; and which share of the records had a form. */
function compared(portions: readonly ReadPortion[]): { readonly differences: readonly string[]; readonly unsure: number } {
  if (!(fast instanceof FormDecoder)) throw new Error('the kernel does not run here');
  const before = fast.unsure;
  const learnt = learntBy(fast, portions);
  return { differences: differences(learntBy(hubble.decoder(SETTINGS), portions), learnt).slice(0, 10), unsure: fast.unsure - before };
}

const inOnePortion = (records: readonly string[]): readonly ReadPortion[] => [{ directory, parts: [{ records }] }];
const SAME = { differences: [], unsure: 0 };

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' });
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.2', { app: 'cart' });
const BASE: HubbleFlow = { from: web, to: cart };

describe('by forms as by the reference', () => {
  it('a record says of which protocol its ports are', () => {
    const tcp = { source_port: 40_000, destination_port: 8080, flags: { SYN: true } };
    const udp = { source_port: 40_001, destination_port: 53 };
    const records = [{ TCP: tcp, UDP: udp }, { UDP: udp, TCP: tcp }, { TCP: {}, UDP: udp }, { TCP: { source_port: null }, SCTP: udp }].map((l4) => hubbleLine({ ...BASE, extra: { l4 } }));
    expect(compared(inOnePortion(records)).differences).toEqual([]);
    const single = [{ TCP: tcp, UDP: null }, { TCP: 5, UDP: udp }, { ICMPv4: { type: 8 }, SCTP: udp }, { ICMPv4: { type: 8 }, ICMPv6: { type: 128 } }].map((l4) => hubbleLine({ ...BASE, extra: { l4 } }));
    expect(compared(inOnePortion(single))).toEqual(SAME);
  });

  it('workloads whose pods had the same addresses, one after the other', () => {
    const of = (name: string, ip: string): HubbleFlow['from'] => pod('shop', name, ip, {}, { workload: ['Deployment', name.slice(0, name.indexOf('-'))] });
    const [a1, a2, b1, b2, c1] = [of('a-1', '10.0.0.1'), of('a-2', '10.0.0.2'), of('b-1', '10.0.0.1'), of('b-2', '10.0.0.3'), of('c-1', '10.0.0.4')];
    const flows: readonly HubbleFlow[] = [
      { from: a1, to: c1 }, { from: a2, to: c1 }, { from: b1, to: c1 }, { from: b2, to: c1 }, { from: a2, to: b2 }, { from: a1, to: b1 }, { from: a1, to: b2 }, { from: b2, to: a2 }, { from: c1, to: b2 },
    ];
    // Once in this order, and once in each order of the first four.
    for (let turn = 0; turn < 4; turn++) {
      const turned = [...flows.slice(turn, 4), ...flows.slice(0, turn), ...flows.slice(4)];
      const records = turned.flatMap((flow, i) => [hubbleLine({ ...flow, time: T0 + i }), hubbleLine({ ...flow, time: T0 + i, reply: true }), hubbleLine({ ...flow, time: T0 + i, flags: ['ACK'] })]);
      expect(compared(inOnePortion(records))).toEqual(SAME);
    }
  });

  it('one pod of which records say two workloads', () => {
    const of = (name: string, ip: string, workload: string): HubbleFlow['from'] => pod('shop', name, ip, {}, { workload: ['Deployment', workload] });
    const [a1, a2, b1, b2] = [of('x-1', '10.0.0.1', 'a'), of('x-2', '10.0.0.2', 'a'), of('x-1', '10.0.0.3', 'b'), of('x-3', '10.0.0.4', 'b')];
    const flows: readonly HubbleFlow[] = [{ from: a1, to: a2 }, { from: b1, to: a2 }, { from: a2, to: b2 }, { from: b2, to: a2 }, { from: a1, to: b1 }, { from: a1, to: b2 }];
    for (const reply of [true, false]) expect(compared(inOnePortion(flows.map((flow) => hubbleLine({ ...flow, reply, flags: ['ACK'] }))))).toEqual(SAME);
  });

  it('more nodes than are counted apart', () => {
    const records = Array.from({ length: 4_200 }, (_, i) => hubbleLine({ ...BASE, time: T0 + i, node: `node-${i}`, to: { ...cart, ip: `10.1.${i >> 8}.${i & 255}` } }));
    expect(compared(inOnePortion(records))).toEqual(SAME);
    // And as many that have no form.
    const lost = records.map((_, i) => `{"lost_events":{"num_events_lost":"2"},"node_name":"node-${i}","time":"2026-03-02T12:00:00Z"}`);
    expect(compared(inOnePortion(lost))).toEqual({ differences: [], unsure: lost.length });
  });

  it('a record that is longer than the kernel’s window, among others', () => {
    const long = hubbleLine({ ...BASE, extra: { extensions: 'x'.repeat(5 << 20) } });
    const { differences: found, unsure } = compared(inOnePortion([hubbleLine(BASE), long, hubbleLine({ ...BASE, port: 8443 })]));
    expect([found, unsure]).toEqual([[], 1]);
  });

  it('points that somebody made up, in any number', () => {
    const records = Array.from({ length: 200 }, (_, i) => [hubbleLine({ ...BASE, point: `MADE_UP_${i % 100}`, flags: [i % 2 === 0 ? 'SYN' : 'ACK'] }), hubbleLine({ ...BASE, point: `MADE_UP_${150 - (i % 100)}`, time: '2026-03-02T13:00:00+01:00' })]).flat();
    expect(compared(inOnePortion(records)).differences).toEqual([]);
  });

  it('more origins than are told apart', () => {
    const parts = Array.from({ length: 10_100 }, (_, i) => ({ records: i % 50 === 0 ? [hubbleLine({ ...BASE, time: T0 + i })] : [], origin: { source: 'test', owner: { namespace: 'shop', pod: `pod-${i}`, container: null } } }));
    expect(compared([{ directory, parts }])).toEqual(SAME);
  });

  it('bare flows, and lines that only look as if they held one', () => {
    const bare = JSON.stringify(hubbleFlow(BASE));
    const line = hubbleLine(BASE);
    const records = [bare, `${line.slice(0, -1)},"source":null}`, `${line.slice(0, -1)},"verdict":"DROPPED"}`, `{"flow":null,${bare.slice(1)}`, `{"":${bare},${bare.slice(1)}`, '{"flow":[],"time":"2026-03-02T12:00:00Z"}', '{"time":"2026-03-02T12:00:00Z"}', '{}'];
    expect(compared(inOnePortion(records)).differences).toEqual([]);
  });

  it('the first second of 1970', () => {
    const records = [0, 1, 999].map((ms) => hubbleLine({ ...BASE, time: ms, to: WORLD('198.51.100.7') }));
    expect(compared(inOnePortion(records))).toEqual(SAME);
  });

  it('as the reference alone, where WebAssembly does not run', () => {
    const decoder = decoderOf(hubble, SETTINGS, null);
    expect(decoder).not.toBeInstanceOf(FormDecoder);
    const portions = inOnePortion([hubbleLine(BASE), hubbleLine({ ...BASE, reply: true }), 'x']);
    expect(differences(learntBy(decoder, portions), learntBy(fast, portions))).toEqual([]);
  });
});
