import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { hasApiServer, runPod, startApiServer } from '../support/apiserver.ts';
import { edgeText, footpath, scratch, type EdgeJson } from '../support/cli.ts';
import { connection } from '../support/hubble.ts';
import { Serving, Watched } from '../support/serving.ts';

const PORT = 27_543;

let serving: Serving | null = null;
afterEach(() => {
  serving?.child.kill('SIGKILL');
});

const call = (from: string, n: number): string => connection({ from: { ip: from }, to: { ip: '10.1.0.2' }, port: 8080, clientPort: 40_000 + n, time: Date.now() }).map((line) => `${line}\n`).join('');

describe.skipIf(!hasApiServer && (process.env['FOOTPATH_CI'] ?? '') === '')('footpath serve, with a real API server', () => {
  it('that goes and comes back, is missed, which is said; records are read on, and their pods are known once it is back', async () => {
    const folder = scratch();
    const first = await startApiServer(PORT, [], { folder });
    await runPod(first, 'web-6b746f74dc-9rcxx', '10.1.0.1');
    await runPod(first, 'cart', '10.1.0.2');
    const watched = new Watched();
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { inventory: { kubernetes: true, kubeconfig: first.kubeconfig('admin') } });
    const running = (serving = new Serving(watched.config));
    writeFileSync(watched.log, call('10.1.0.1', 0));
    await running.until('the pods that were listed are known', async () => (await running.metric('footpath_edges{state="observed"}')) === 1);
    expect(await running.get('/readyz')).toBe('ready\n');
    await first.stop();
    await running.until('it is missed', async () => (await running.get('/readyz')).startsWith('kubernetes pods: cannot '));
    // It knows whom it knew, and reads on.
    appendFileSync(watched.log, [1, 2].map((n) => call('10.1.0.1', n)).join(''));
    await running.flows(3);
    // As another process sees it: the share of the unresolved is told before the last flow is folded, too.
    const edges = async (): Promise<readonly string[]> => {
      const { out } = await footpath(['edges', '-o', 'json', '--db', watched.db]);
      return (JSON.parse(out) as readonly EdgeJson[]).map((edge) => `${edgeText(edge)}: ${edge.connections}`);
    };
    const ALL = ['default/web -> default/web 8080/TCP accepted: 4'];
    const second = await startApiServer(PORT, [], { folder });
    try {
      await runPod(second, 'web-6b746f74dc-x7x2l', '10.1.0.3');
      appendFileSync(watched.log, call('10.1.0.3', 3));
      await running.until('it is ready again', async () => (await running.get('/readyz')) === 'ready\n', 60_000);
      await running.until('all is known', async () => (await running.metric('footpath_unresolved_ratio')) === 0 && (await edges()).join() === ALL.join());
      expect(await running.end()).toBe(0);
    } finally {
      await second.stop();
    }
    expect(await edges()).toEqual(ALL);
  });
});
