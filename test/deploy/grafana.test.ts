import { describe, expect, it } from 'vitest';
import { dashboard } from '../support/deploy.ts';

const { panels, templating } = dashboard();
const drawn = panels.filter(({ type }) => type !== 'row');
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

describe('the dashboard', () => {
  it('gives each panel an id of its own, a title, and what it shows in words', () => {
    expect(drawn.length).toBeGreaterThan(15);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ title }) => title === '')).toEqual([]);
    expect(drawn.filter(({ description = '' }) => !description.endsWith('.')).map(({ title }) => title)).toEqual([]);
  });

  it('asks the Prometheus that is chosen on it, for the job that is chosen on it', () => {
    const targets = drawn.flatMap(({ targets: all = [] }) => all);
    expect(drawn.filter(({ targets: all = [] }) => all.length === 0 || new Set(all.map(({ refId }) => refId)).size < all.length)).toEqual([]);
    for (const { datasource } of [...drawn, ...targets]) expect(datasource).toEqual(SOURCE);
    for (const { expr } of targets) for (const [, inner = ''] of expr.matchAll(/\b(?:footpath|process|nodejs)_\w+(\{[^}]*\}|)/g)) expect(inner, expr).toContain('job=~"$job"');
    const names = new Set(templating.list.map(({ name }) => name));
    const used = targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)).filter((name) => !name.startsWith('__'));
    expect(used.filter((name) => !names.has(name))).toEqual([]);
    expect(templating.list.find(({ type }) => type === 'datasource')).toMatchObject({ name: 'datasource', query: 'prometheus' });
  });

  it('lays no panel over another, and none beyond the edge', () => {
    for (const [i, { title, gridPos: a }] of panels.entries()) {
      expect(a.x >= 0 && a.w > 0 && a.h > 0 && a.x + a.w <= 24, title).toBe(true);
      const over = panels.slice(i + 1).filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h);
      expect(over.map((other) => `${title} and ${other.title}`)).toEqual([]);
    }
  });
});
