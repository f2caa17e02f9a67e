import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tellingId, tellings, type Told, type Telling } from '../../src/alert/telling.ts';
import { ALERT_STATES, SEVERITIES, type Alert, type Severity } from '../../src/model/alert.ts';
import { HOUR } from '../../src/model/edge.ts';
import { PUBLIC } from '../../src/model/peer.ts';
import { alertOf } from '../support/alerts.ts';
import { T0 } from '../support/hubble.ts';

const MINUTE = 60_000;
const EDGE = { source: PUBLIC, destination: PUBLIC, protocol: 'TCP', port: 1 } as const;
const edges = (n: number): Alert['decides'] => Array.from({ length: n }, () => EDGE);

/** One target over time: what it was told, in words. */
class Target {
  told = new Map<string, Told>();
  readonly ids: string[] = [];
  now = 1_000;

  constructor(readonly minSeverity: Severity = 'low') {}

  look(alerts: readonly Alert[]): readonly Telling[] {
    const found = tellings(this.told, alerts, { minSeverity: this.minSeverity, now: this.now, nameOf: (address) => (address === '198.51.100.10' ? 'api.example.com' : null) });
    for (const { told, event } of found) {
      this.told.set(told.alert.id, told);
      if (event !== null) this.ids.push(tellingId(told));
    }
    return found;
  }

  events(...alerts: readonly Alert[]): readonly string[] {
    return this.look(alerts).flatMap(({ event, told }) => (event === null ? [] : [`${event} ${told.alert.id}`]));
  }
}

describe('a target', () => {
  it('is told of an alert when it begins to fire, and when it is over', () => {
    const target = new Target();
    expect(target.events(alertOf())).toEqual(['firing a1']);
    expect(target.events(alertOf())).toEqual([]);
    expect(target.events(alertOf({ state: 'accepted' }))).toEqual(['resolved a1']);
    expect(target.events(alertOf({ state: 'accepted' }))).toEqual([]);
  });

  it.each(ALERT_STATES.filter((state) => state !== 'firing'))('is not told of one that is %s already, and holds it no more once it becomes so', (state) => {
    expect(new Target().events(alertOf({ state }))).toEqual([]);
    const target = new Target();
    target.events(alertOf());
    expect(target.events(alertOf({ state }))).toEqual(['resolved a1']);
    expect(target.told.get('a1')).toMatchObject({ firing: false, ended: target.now, alert: { state } });
  });

  it('is told why it is over', () => {
    const over = (...alerts: readonly Alert[]): string | null | undefined => {
      const target = new Target();
      target.look([alertOf()]);
      target.look(alerts);
      return target.told.get('a1')?.alert.over;
    };
    expect(over(alertOf())).toBeNull();
    expect(over(alertOf({ state: 'rejected' }))).toBe('rejected');
    expect(over(alertOf({ state: 'acknowledged' }))).toBe('acknowledged: somebody looks into it');
    expect(over()).toBe('it is an alert no more: forgotten, or told of by another one');
    const scan = alertOf({ id: 's1', key: 'the scan', kind: 'scan', reason: 'shop/web: 12 attempts' });
    expect(over(alertOf({ state: 'resolved', foldedInto: 'the scan' }), scan)).toBe('told of by the scan s1: shop/web: 12 attempts');
  });

  it('is told again, under another id, when it fires again; also if the clock was set back', () => {
    const target = new Target();
    target.look([alertOf()]);
    target.look([alertOf({ state: 'muted' })]);
    target.now -= 500;
    expect(target.events(alertOf())).toEqual(['firing a1']);
    expect(new Set(target.ids).size).toBe(3);
  });

  it('is not told of counts, but holds them', () => {
    const target = new Target();
    target.look([alertOf()]);
    expect(target.look([alertOf({ count: 9, lastSeen: T0 + 9_000 })])).toMatchObject([{ event: null, told: { tellings: 1, alert: { count: 9 } } }]);
    expect(target.look([alertOf({ count: 9, lastSeen: T0 + 9_000 })])).toEqual([]);
  });

  it('is told at once when it becomes worse', () => {
    const target = new Target();
    target.look([alertOf({ severity: 'low' })]);
    target.now += 1;
    expect(target.look([alertOf({ severity: 'high' })])).toMatchObject([{ event: 'changed', due: target.now }]);
  });

  it('is told once an hour that a new workload grows, and of the newest then', () => {
    const target = new Target();
    const grown = (n: number): Alert => alertOf({ kind: 'new-workload', decides: edges(n) });
    target.look([grown(1)]);
    const start = target.now;
    target.now = start + MINUTE;
    expect(target.look([grown(2)])).toMatchObject([{ event: 'changed', due: start + HOUR }]);
    target.now = start + 2 * MINUTE;
    expect(target.look([grown(3)])).toMatchObject([{ event: 'changed', due: start + HOUR, told: { alert: { edges: 3 } } }]);
    target.now = start + HOUR + MINUTE;
    expect(target.look([grown(4)])).toMatchObject([{ event: 'changed', due: start + 2 * HOUR }]);
    target.now = start + 5 * HOUR;
    expect(target.look([grown(5)])).toMatchObject([{ event: 'changed', due: target.now }]);
  });

  it('is told of what is as severe as it wants, from the moment on in which it becomes so, to its end', () => {
    const target = new Target('high');
    expect(target.events(alertOf({ severity: 'medium' }))).toEqual([]);
    expect(target.events(alertOf({ severity: 'critical' }))).toEqual(['firing a1']);
    expect(target.events(alertOf({ severity: 'low' }))).toEqual(['changed a1']);
    expect(target.events(alertOf({ severity: 'low', state: 'accepted' }))).toEqual(['resolved a1']);
  });

  it('is told names of outside addresses, and a part of much evidence', () => {
    const target = new Target();
    target.look([alertOf({ destination: { type: 'external', address: '198.51.100.10' }, evidence: Array.from({ length: 14 }, (_, i) => `e${i}`) })]);
    const { alert } = target.told.get('a1')!;
    expect([alert.sourceName, alert.destinationName, alert.evidence.length, alert.evidence.at(-1)]).toEqual([null, 'api.example.com', 11, 'and 4 more']);
  });
});

describe('a storm', () => {
  const storm = (state: Alert['state'] = 'firing'): Alert => alertOf({ id: 'storm', kind: 'storm', firstSeen: Math.floor(T0 / HOUR) * HOUR, state });

  it('is told alone', () => {
    expect(new Target().events(storm(), alertOf(), alertOf({ id: 'a2' }))).toEqual(['firing storm']);
  });

  it.each(ALERT_STATES)('that is %s hides what it is made of', (state) => {
    expect(new Target().events(storm(state), alertOf())).toEqual(state === 'firing' ? ['firing storm'] : []);
  });

  it('hides no alert of another hour', () => {
    expect(new Target().events(storm(), alertOf({ firstSeen: T0 + HOUR }))).toEqual(['firing storm', 'firing a1']);
  });

  it('leaves what was told before it, to its end', () => {
    const target = new Target();
    target.look([alertOf()]);
    expect(target.events(alertOf(), storm())).toEqual(['firing storm']);
    expect(target.events(alertOf({ state: 'accepted' }), storm())).toEqual(['resolved a1']);
  });

  it('that is none any more leaves its alerts to be told', () => {
    const target = new Target();
    target.look([storm(), alertOf()]);
    expect(target.events(alertOf())).toEqual(['firing a1', 'resolved storm']);
  });
});

describe('whatever alerts do', () => {
  const someAlert = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom(...ALERT_STATES),
    severity: fc.constantFrom(...SEVERITIES),
    kind: fc.constantFrom('new-edge' as const, 'new-workload' as const, 'storm' as const),
    count: fc.nat(3),
    decides: fc.nat(3).map(edges),
  });
  const looks = fc.array(fc.tuple(fc.integer({ min: -HOUR, max: 2 * HOUR }), fc.uniqueArray(someAlert, { selector: ({ id }) => id })), { maxLength: 12 });

  it('a target is told beginnings and ends by turns, each under an id of its own, and holds what fires', () => {
    fc.assert(
      fc.property(looks, fc.constantFrom(...SEVERITIES), (all, minSeverity) => {
        const target = new Target(minSeverity);
        const held = new Set<string>();
        for (const [pause, given] of all) {
          target.now += pause;
          const alerts = given.map((alert) => alertOf(alert));
          for (const event of target.events(...alerts)) {
            const [what, id = ''] = event.split(' ');
            expect(held.has(id)).toBe(what !== 'firing');
            if (what === 'firing') held.add(id);
            if (what === 'resolved') held.delete(id);
          }
          for (const id of held) expect(alerts.find((alert) => alert.id === id)?.state).toBe('firing');
          for (const { id, state, severity } of alerts) if (state === 'firing' && !alerts.some(({ kind }) => kind === 'storm') && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity)) expect(held).toContain(id);
          expect(target.events(...alerts)).toEqual([]);
        }
        expect(new Set(target.ids).size).toBe(target.ids.length);
      }),
      { numRuns: 300 },
    );
  });
});
