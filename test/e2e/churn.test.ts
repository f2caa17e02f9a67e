import { describe, expect, it } from 'vitest';
import { edgeText, scratch, Session, type EdgeJson, type Summary } from '../support/cli.ts';
import { WAYS, writeChurn, type Way } from '../support/churn.ts';

const HOURS = 48;
const [calm, ...others] = Object.entries(WAYS);

interface Learned {
  readonly summary: Summary;
  readonly edges: string;
  readonly proposals: string;
}

async function learned(way: Way): Promise<Learned> {
  const session = new Session();
  const summary = await session.json<Summary>('observe', ...writeChurn(session.folder, way, 0, HOURS));
  return { summary, edges: (await session.run('edges', '-o', 'json')).out, proposals: (await session.run('propose')).out };
}

describe('a shop whose pods come and go', () => {
  it('is learned whole where nothing ever happens: every record has its owner', async () => {
    const { summary, edges, proposals } = await learned(calm![1]);
    expect(summary).toMatchObject({ unresolved: 0, newEdges: 2, skipped: { malformed: 0 } });
    expect((JSON.parse(edges) as EdgeJson[]).map((edge) => [edgeText(edge), edge.connections, edge.hours, edge.collectors])).toEqual([
      ['shop/cart -> shop/db 5432/TCP accepted', 4 * HOURS, HOURS, ['hubble']],
      ['shop/web -> shop/cart 8080/TCP accepted', 4 * HOURS, HOURS, ['envoy-access-log', 'hubble']],
    ]);
    expect(proposals.match(/^kind: NetworkPolicy$/gm)).toHaveLength(3);
  });

  it.each(others)('leaves graph and proposals byte for byte the same: %s', async (_, way) => {
    const [still, moved] = [await learned(calm![1]), await learned(way)];
    expect(moved.edges).toBe(still.edges);
    expect(moved.proposals).toBe(still.proposals);
    expect(moved.summary.unresolved).toBe(0);
  });

  it.each(others)('raises no alert while it is watched: %s', async (_, way) => {
    const session = new Session();
    await session.json('observe', ...writeChurn(session.folder, calm![1], 0, 24));
    await session.run('watch', '-A');
    const summary = await session.json<Summary>('observe', ...writeChurn(scratch(), way, 24, HOURS));
    expect([summary.records > 0, summary.unresolved, summary.alerts]).toEqual([true, 0, 0]);
    expect(await session.alerts()).toEqual([]);
    expect(await session.edges()).toHaveLength(2);
  });
});
