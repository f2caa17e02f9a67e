import { describe, expect, it } from 'vitest';
import { ALERT_STATES, atLeast, isOpen, SEVERITIES, worst } from '../../src/model/alert.ts';
import { EVERYTHING, scopeHolds, scopeName } from '../../src/model/decision.ts';

describe('a scope', () => {
  const shop = { namespace: 'shop', workload: null };
  const web = { namespace: 'shop', workload: 'web' };
  it.each([
    [EVERYTHING, 'everything', [true, true, true]],
    [shop, 'namespace shop', [true, true, false]],
    [web, 'shop/web', [true, false, false]],
  ] as const)('%j is called %s', (scope, name, holds) => {
    const workloads = [
      { namespace: 'shop', name: 'web' },
      { namespace: 'shop', name: 'api' },
      { namespace: 'pay', name: 'web' },
    ];
    expect(scopeName(scope)).toBe(name);
    expect(workloads.map((workload) => scopeHolds(scope, workload))).toEqual(holds);
  });
});

describe('severities', () => {
  it('are ordered, and the worst of none is low', () => {
    expect(worst(['low', 'high', 'medium'])).toBe('high');
    expect(worst(['critical', 'low'])).toBe('critical');
    expect(worst([])).toBe('low');
    for (const [i, a] of SEVERITIES.entries()) for (const [j, b] of SEVERITIES.entries()) expect(atLeast(a, b)).toBe(i >= j);
  });

  it('wait for somebody while an alert fires or is merely acknowledged', () => {
    expect(ALERT_STATES.filter(isOpen)).toEqual(['firing', 'acknowledged']);
  });
});
