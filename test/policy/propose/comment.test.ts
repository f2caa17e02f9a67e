import { describe, expect, it } from 'vitest';
import type { Direction, Widening } from '../../../src/model/proposal.ts';
import { ruleComment } from '../../../src/policy/propose/comment.ts';
import { SIGNED } from '../../support/choices.ts';
import { Learner } from '../../support/graph.ts';
import { connection, hubbleLine, pod, T0, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { DAY, HOUR } from '../../support/shop.ts';

const web = pod('shop', 'web-0', '10.0.0.1', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' });
const flow: HubbleFlow = { from: web, to: cart, port: 8080 };

function comment(lines: readonly string[], direction: Direction = 'egress', widenings: readonly Widening[] = []): string {
  return ruleComment(direction, new Learner().read(lines).graph().edges, [], widenings);
}

/** Connections at these times after the first. */
const at = (times: readonly number[], more: Partial<HubbleFlow> = {}): readonly string[] =>
  times.flatMap((after) => connection({ ...flow, ...more, time: T0 + after }));
const hours = (n: number, every = 1): readonly number[] => Array.from({ length: n }, (_, i) => i * every * HOUR);
const days = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i * DAY);

describe('how long a rule’s edges were seen', () => {
  it.each<[string, readonly number[], string]>([
    ['twice', [0, 1000], 'within one hour'],
    ['often in an hour', [0, 1000, 2000, 3000], 'within one hour'],
    ['in two hours', [0, HOUR], 'on one day'],
    ['on two days', [0, DAY], 'on several days'],
    ['on six days', days(6), 'on several days'],
    ['on seven days', days(7), 'for a week or more'],
    ['every hour of a day', hours(12), 'on one day'],
    ['every second hour of a week', hours(7 * 12, 2), 'for a week or more'],
    ['every hour of a week', hours(7 * 24), 'almost every hour for a week or more'],
    ['every hour of a week but the last of each day', hours(7 * 24).filter((after) => (after / HOUR) % 24 !== 23), 'almost every hour for a week or more'],
    ['by day for a month', hours(30 * 24).filter((after) => (after / HOUR) % 24 < 8), 'for a week or more'],
    ['every hour of two weeks with three days between', hours(17 * 24).filter((after) => Math.abs(after - 8.5 * DAY) > 1.5 * DAY), 'for a week or more'],
  ])('%s', (_, times, expected) => {
    expect(comment(at(times))).toBe(`to shop/cart: ${expected}, seen from both ends`);
  });

  it('is said in classes: more of the same changes nothing', () => {
    expect(comment(at([0, 1000]))).toBe(comment(at(Array.from({ length: 40 }, (_, i) => i * 1000))));
    expect(comment(at(days(8)))).toBe(comment(at(days(20))));
  });

  it('is that of the edge seen longest', () => {
    const both = [...at(days(3)), ...at([0, 1000], { port: 9090 })];
    expect(comment(both)).toBe('to shop/cart: on several days, seen from both ends');
  });
});

describe('who stands at the other end', () => {
  it('is the source of ingress, the destination of egress', () => {
    expect(comment(at([0]), 'ingress')).toMatch(/^from shop\/web: /);
    expect(comment(at([0]), 'egress')).toMatch(/^to shop\/cart: /);
  });

  it('is named once for several ports', () => {
    expect(comment([...at([0]), ...at([0], { port: 9090 })])).toMatch(/^to shop\/cart: /);
  });

  const outside = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => at([0], { to: WORLD(`198.51.100.${10 + i}`) })).flat();
  it.each<[number, string]>([
    [2, 'external 198.51.100.10, external 198.51.100.11'],
    [4, 'external 198.51.100.10, external 198.51.100.11, external 198.51.100.12, external 198.51.100.13'],
    [5, 'external 198.51.100.10, external 198.51.100.11, external 198.51.100.12, 2 more'],
    [20, 'external 198.51.100.10, external 198.51.100.11, external 198.51.100.12, 17 more'],
  ])('%i peers', (n, expected) => {
    expect(comment(outside(n))).toMatch(new RegExp(`^to ${expected}: `));
  });
});

describe('from where it was seen', () => {
  const only = (point: string, direction: string): string => comment([0, 1].map((i) => hubbleLine({ ...flow, point, direction, time: T0 + i })));
  it.each([
    ['TO_ENDPOINT', 'INGRESS', 'seen from the destination'],
    ['TO_STACK', 'EGRESS', 'seen from the source'],
    ['FROM_ENDPOINT', 'EGRESS', 'seen from the source'],
  ])('%s', (point, direction, expected) => {
    expect(only(point, direction)).toContain(expected);
  });
});

describe('what weakens it', () => {
  it('no answer was shown', () => {
    expect(comment([hubbleLine({ ...flow, protocol: 'UDP' }), hubbleLine({ ...flow, protocol: 'UDP', time: T0 + 1000 })])).toMatch(
      /, no answers were shown$/,
    );
  });

  it('a flag that a person accepted all the same', () => {
    const learner = new Learner().read(connection({ ...flow, port: 22 }));
    const [edge] = learner.graph().edges;
    expect(edge?.suspicions).toEqual(['single-sighting', 'remote-shell']);
    expect(ruleComment('egress', learner.graph().edges, [], [])).toMatch(/, not accepted: flagged remote-shell, single-sighting$/);
    learner.store.choices.decide('accept', [learner.graph().canon.storedEdge(edge!)], 'edge', SIGNED);
    expect(ruleComment('egress', learner.graph().edges, [], [])).toMatch(/, accepted although flagged remote-shell, single-sighting$/);
  });

  it('nobody accepted it, where that was asked for', () => {
    const learner = new Learner().read(at([0, 1000])).switchTo('watching').read(at([2000, 3000], { port: 9090 }));
    expect(ruleComment('egress', learner.graph().edges, [], [])).toMatch(/, not accepted yet$/);
  });

  it('nothing', () => {
    expect(comment(at([0, 1000]))).not.toContain('accepted');
  });
});

describe('several peers in one rule', () => {
  const client = (n: number) => pod('shop', `client-${n}-0`, `10.0.1.${n}`, { app: `client-${n}` });

  it('share a line where they were seen equally well, and have one of their own where not', () => {
    const lines = [1, 2, 3].flatMap((n) => at(n === 2 ? [0, DAY] : [0, 1000], { from: client(n) }));
    expect(comment(lines, 'ingress')).toBe('from shop/client-1, shop/client-3: within one hour, seen from both ends\nfrom shop/client-2: on several days, seen from both ends');
  });

  it('are shortened where they are many', () => {
    const lines = [1, 2, 3, 4, 5].flatMap((n) => at([0, 1000], { from: client(n) }));
    expect(comment(lines, 'ingress')).toMatch(/^from shop\/client-1, shop\/client-2, shop\/client-3, 2 more: /);
  });

  it('say that each port of a range was seen', () => {
    expect(ruleComment('egress', [], [{ port: 8000, endPort: 8004, protocol: 'TCP' }], [])).toBe('each of the ports 8000 to 8004 was seen');
  });
});

describe('what it opens beyond its edges', () => {
  const widening: Widening = { reason: 'dns-protocol', beyond: 'TCP 53' };

  it('is a line of its own for each widening, with its reason', () => {
    const [first, second, ...rest] = comment(at([0]), 'egress', [widening]).split('\n');
    expect(first).toMatch(/^to shop\/cart: /);
    expect(second).toMatch(/^widening dns-protocol \(TCP 53\): opens DNS over UDP and TCP/);
    expect(rest).toEqual([]);
  });

  it('is all there is to say of a rule without edges', () => {
    expect(comment([], 'egress', [{ reason: 'dns-unseen', beyond: 'UDP and TCP 53 to kube-system/coredns' }])).toMatch(
      /^widening dns-unseen \(UDP and TCP 53 to kube-system\/coredns\): .*no query was seen/,
    );
  });
});
