import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Intake } from '../src/intake.ts';
import { Admission } from '../src/learn/admission.ts';
import { SLOT } from '../src/model/edge.ts';
import { Fold } from '../src/learn/fold.ts';
import { DEFAULT_LIMITS } from '../src/learn/limits.ts';
import type { Endpoint, Flow, Operation, Outcome, Phase, Verdict } from '../src/model/flow.ts';
import { Resolver } from '../src/resolve/resolver.ts';
import { Store } from '../src/store/store.ts';
import { directoryOf } from './support/directory.ts';
import { dump } from './support/dump.ts';
import { AT_CLIENT, AT_SERVER, endpoint, flow } from './support/flow.ts';
import { T0 } from './support/hubble.ts';
import { nodeObject, podObject } from './support/inventory.ts';

const MINUTE = 60_000;
const iso = (time: number): string => new Date(time).toISOString();

/** A pod that begins in the midst of the flows, so that who is at its address changes within a minute. */
const directory = directoryOf([
  nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', iso(T0 + 60 * MINUTE)),
  podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.2', owner: ['StatefulSet', 'cart'], start: iso(T0 + 11 * MINUTE + 31_415) }),
]);

const END = fc.constantFrom<Endpoint>(
  endpoint({ namespace: 'shop', pod: 'web-6b746f74dc-9rcxx', address: '10.0.0.11', labels: { app: 'web' } }),
  endpoint({ namespace: 'shop', pod: 'api-0', address: '10.0.0.12', serviceAccount: 'api' }),
  endpoint({ address: '10.0.0.2' }),
  endpoint({ address: '10.0.0.77', principal: 'cluster.local/ns/shop/sa/web' }),
  endpoint({ address: '198.51.100.7', reserved: 'world', names: ['api.example.com'] }),
  endpoint({ address: '192.168.0.1' }),
);
const OPERATIONS: readonly (Operation | null)[] = [null, { method: 'GET', path: '/items' }];

const FORM = fc.record({
  source: END,
  destination: END,
  phase: fc.constantFrom<Phase>('open', 'ongoing', 'answer', 'lost-answer'),
  verdict: fc.constantFrom<Verdict>('forwarded', 'forwarded', 'dropped', 'audited'),
  outcome: fc.constantFrom<Outcome>('established', 'refused', 'unanswered', 'rejected', 'unknown'),
  operation: fc.constantFrom(...OPERATIONS),
  witness: fc.constantFrom(AT_CLIENT, AT_SERVER),
  port: fc.constantFrom(80, 8080),
  count: fc.constantFrom(1, 3),
  node: fc.constantFrom('', 'node-a'),
});
const RECORDS = fc.array(fc.record({ form: fc.nat(5), time: fc.integer({ min: 0, max: 90 * MINUTE }), bytes: fc.nat(1000) }), { maxLength: 60 });

/** What the database holds after these calls. */
function learnt(work: (intake: Intake) => void): unknown {
  const store = new Store(':memory:', { create: true });
  try {
    const judge = { revision: 0, judge: () => ({ watching: true, violates: true, epoch: 0 }) };
    const intake = new Intake({ resolver: new Resolver(directory), fold: new Fold(new Admission(DEFAULT_LIMITS, []), judge) });
    intake.collector = 'test';
    work(intake);
    store.transaction(() => store.add(intake.delta(), []));
    return dump(store);
  } finally {
    store.close();
  }
}

describe('one flow for many records', () => {
  it('adds what the records add one by one, while their times lie in one window', () => {
    fc.assert(
      fc.property(fc.array(FORM, { minLength: 6, maxLength: 6 }), RECORDS, (forms, records) => {
        const flows = records.map(({ form, time, bytes }) => flow({ ...forms[form], time: T0 + time, until: T0 + time, bytesOut: bytes, bytesIn: 2 * bytes }));
        const single = learnt((intake) => flows.forEach((one) => intake.flow(one)));
        const bundled = learnt((intake) => {
          const bundles = new Map<string, Flow>();
          for (const [i, one] of flows.entries()) {
            const key = `${records[i]?.form} ${intake.place(one).from}`;
            const bundle = bundles.get(key);
            const slots = 1 << (Math.floor(one.time / SLOT) % 6);
            if (bundle === undefined) bundles.set(key, { ...one, slots });
            else {
              bundle.time = Math.min(bundle.time, one.time);
              bundle.until = Math.max(bundle.until, one.until);
              bundle.slots |= slots;
              bundle.records += one.records;
              bundle.count += one.count;
              bundle.bytesOut = (bundle.bytesOut ?? 0) + (one.bytesOut ?? 0);
              bundle.bytesIn = (bundle.bytesIn ?? 0) + (one.bytesIn ?? 0);
            }
          }
          for (const bundle of bundles.values()) intake.flow(bundle);
        });
        expect(bundled).toEqual(single);
      }),
      { numRuns: 300 },
    );
  });

  it('is as many skipped records', () => {
    const one = learnt((intake) => [0, 1, 2].forEach((n) => intake.skip('health', T0 + n, 'node-a')));
    expect(learnt((intake) => intake.count('health', 'node-a', T0 + 2, 3))).toEqual(one);
  });
});
