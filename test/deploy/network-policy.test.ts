import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Session, type Summary } from '../support/cli.ts';
import { deploy } from '../support/deploy.ts';
import { contentsBelow } from '../support/files.ts';

/** A week of Footpath's own pod and of whom it talks to in `deploy/kubernetes/overlays/kafka`, as Hubble writes it. */
const traffic = resolve(import.meta.dirname, '../cases/deploy/own-traffic');

describe("Footpath's own NetworkPolicy", () => {
  it('is the one that Footpath proposes from its own traffic, byte for byte', async () => {
    const session = new Session();
    const inventory = join(traffic, 'cluster.json');
    const read = await session.json<Summary>('observe', '--inventory', inventory, join(traffic, 'hubble.jsonl'));
    // The kubelet's probes come from the pod's own node: they are no edge, and every network plugin lets them through.
    expect(read.skipped['local-node']).toBeGreaterThan(0);
    expect(read).toMatchObject({ edges: 5, unresolved: 0 });
    const out = join(session.folder, 'policies');
    const proposed = await session.run('propose', '--workload', 'footpath/footpath', '--out', out);
    expect(proposed.status).toBe(0);
    const how = 'test/cases/deploy/own-traffic says how it is made anew';
    expect(contentsBelow(deploy('kubernetes/network-policy')), how).toEqual(contentsBelow(out));
    expect(readFileSync(join(out, 'footpath__footpath.yaml'), 'utf8')).toContain('proved: keeps all 5 accepted edges');
  });
});
