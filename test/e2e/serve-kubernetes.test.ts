import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { edgeText, footpath, type EdgeJson } from '../support/cli.ts';
import { connection } from '../support/hubble.ts';
import { ownerObject, podObject } from '../support/inventory.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';
import { MAIN } from '../support/killed.ts';
import { ListingApi } from '../support/listing-api.ts';
import { Serving, Watched } from '../support/serving.ts';

const START = '2026-03-01T00:00:00Z';
const T = Date.now();

let api: ListingApi | null = null;
let serving: Serving | null = null;
afterEach(() => {
  serving?.child.kill('SIGKILL');
  api?.close();
});

const versioned = (object: object, resourceVersion: string): object => ({ ...object, metadata: { ...(object as { readonly metadata: object }).metadata, resourceVersion } });
const web = (name: string, ip: string, version: string): object => versioned(podObject({ namespace: 'shop', name, ip, start: START, owner: ['ReplicaSet', 'web-6b746f74dc'] }), version);

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('footpath serve, with the cluster’s API', () => {
  it('knows who is at an address from the moment that the cluster tells it', async () => {
    api = new ListingApi({
      pods: [web('web-6b746f74dc-9rcxx', '10.0.0.11', '5'), versioned(podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.12', start: START, owner: ['StatefulSet', 'cart'] }), '6')],
      replicasets: [ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', {}, { owner: ['Deployment', 'web'] })],
    });
    const server = await api.listen();
    const watched = new Watched();
    const kubeconfig = kubeconfigOf(server);
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { inventory: { kubernetes: true, kubeconfig } });
    serving = new Serving(watched.config);
    await serving.says('watching the cluster');
    const call = (from: string, n: number): string => connection({ from: { ip: from }, to: { ip: '10.0.0.12' }, port: 8080, clientPort: 40_000 + n, time: T }).map((line) => `${line}\n`).join('');
    writeFileSync(watched.log, call('10.0.0.11', 0));
    await serving.until('the pods that were listed are known', async () => (await serving?.metric('footpath_edges{state="observed"}')) === 1);
    api.tell({ type: 'ADDED', object: web('web-6b746f74dc-x7x2l', '10.0.0.13', '20') });
    appendFileSync(watched.log, [1, 2, 3].map((n) => call('10.0.0.13', n)).join(''));
    await serving.until('a pod that was added belongs to the same workload', async () => (await serving?.metric('footpath_edges{state="accepted"}')) === 1);
    expect(await serving.metric('footpath_unresolved_ratio')).toBe(0);
    expect(await serving.end()).toBe(0);
  });

  it('is asked once by observe, which stores what it says', async () => {
    api = new ListingApi({
      pods: [web('web-6b746f74dc-9rcxx', '10.0.0.11', '5'), versioned(podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.12', start: START, owner: ['StatefulSet', 'cart'] }), '6')],
      replicasets: [ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', {}, { owner: ['Deployment', 'web'] })],
    });
    const watched = new Watched();
    const kubeconfig = kubeconfigOf(await api.listen());
    watched.configure([], { inventory: { kubeconfig } });
    writeFileSync(watched.log, connection({ from: { ip: '10.0.0.11' }, to: { ip: '10.0.0.12' }, port: 8080, time: T }).map((line) => `${line}\n`).join(''));
    const { status, err } = await footpath(['observe', '--kubernetes', '--config', watched.config, '--db', watched.db, watched.log], { now: T });
    expect([status, err]).toEqual([0, '']);
    const { out } = await footpath(['edges', '--db', watched.db, '-o', 'json']);
    expect((JSON.parse(out) as readonly EdgeJson[]).map(edgeText)).toEqual(['shop/web -> shop/cart 8080/TCP observed [single-sighting]']);
    await api.leave();
    const failed = await footpath(['observe', '--kubernetes', '--config', watched.config, '--db', watched.db, watched.log]);
    expect([failed.status, failed.err]).toEqual([1, expect.stringMatching(/^footpath: http:\/\/127\.0\.0\.1:\d+: cannot list pods: .*ECONNREFUSED/)]);
  });

  it('reads on while the API is away, says so, and knows whose records they were once it is back', async () => {
    const cart = versioned(podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.12', start: START, owner: ['StatefulSet', 'cart'] }), '6');
    const replicasets = [ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', {}, { owner: ['Deployment', 'web'] })];
    api = new ListingApi({ pods: [web('web-6b746f74dc-9rcxx', '10.0.0.11', '5'), cart], replicasets });
    const watched = new Watched();
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { inventory: { kubernetes: true, kubeconfig: kubeconfigOf(await api.listen()) } });
    const running = (serving = new Serving(watched.config));
    const call = (from: string, n: number): string => connection({ from: { ip: from }, to: { ip: '10.0.0.12' }, port: 8080, clientPort: 40_000 + n, time: Date.now() }).map((line) => `${line}\n`).join('');
    writeFileSync(watched.log, call('10.0.0.11', 0));
    await running.until('the pods that were listed are known', async () => (await running.metric('footpath_edges{state="observed"}')) === 1);
    await api.leave();
    await running.until('it is missed', async () => /^kubernetes pods: cannot (watch|list) pods: .*ECONNREFUSED/.test(await running.get('/readyz')));
    // Pods that came meanwhile: one of a known workload, one of a new one.
    appendFileSync(watched.log, [1, 2, 3].map((n) => call('10.0.0.13', n) + call('10.0.0.14', n)).join(''));
    await running.flows(7);
    await running.until('it is not known whose they are', async () => (await running.metric('footpath_unresolved_ratio')) > 0.8);
    const job = versioned(podObject({ namespace: 'shop', name: 'batch-0', ip: '10.0.0.14', start: START, owner: ['StatefulSet', 'batch'] }), '21');
    api.has({ pods: [cart, web('web-6b746f74dc-x7x2l', '10.0.0.13', '20'), job], replicasets });
    await api.listen();
    await running.until('it is ready again', async () => (await running.get('/readyz')) === 'ready\n');
    await running.until('all is known', async () => (await running.metric('footpath_unresolved_ratio')) === 0);
    expect(await running.metric('footpath_flows_total')).toBe(7);
    expect(await running.end()).toBe(0);
    const { out } = await footpath(['edges', '-o', 'json', '--db', watched.db]);
    expect((JSON.parse(out) as readonly EdgeJson[]).map((edge) => `${edgeText(edge)}: ${edge.connections}`).toSorted()).toEqual([
      'shop/batch -> shop/cart 8080/TCP accepted: 3',
      'shop/web -> shop/cart 8080/TCP accepted: 4',
    ]);
  });

  it('is not ready, and says why, while the API is away', async () => {
    const watched = new Watched();
    const kubeconfig = kubeconfigOf('http://127.0.0.1:1');
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { inventory: { kubernetes: true, kubeconfig } });
    serving = new Serving(watched.config);
    const reasons = await serving.until('it says why', async () => {
      const ready = await serving?.get('/readyz');
      return ready !== 'ready\n' ? ready : null;
    });
    expect(reasons).toMatch(/^kubernetes pods: .*ECONNREFUSED|refused/);
    expect(await serving.end()).toBe(0);
  });
});
