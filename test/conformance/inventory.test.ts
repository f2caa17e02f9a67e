import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { connect } from '../../src/kubernetes/connection.ts';
import { Feed } from '../../src/kubernetes/feed.ts';
import type { PodFact } from '../../src/model/inventory.ts';
import { hasApiServer, PODS_PATH as podsPath, POD_TEMPLATE as template, runPod, startApiServer, type ApiServer } from '../support/apiserver.ts';
import { scratch } from '../support/cli.ts';
import { eventually } from '../support/clock.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const PORT = 27_443;
const MANY = 3_000;

const clock: Clock = { now: () => Date.now(), random: Math.random, sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}) };

interface Following {
  readonly feed: Feed;
  readonly states: readonly string[];
  readonly stop: () => Promise<void>;
}

const ending: (() => Promise<void>)[] = [];

async function follow(kubeconfig: string): Promise<Following> {
  const states: string[] = [];
  const feed = new Feed({
    connection: await connect({ kubeconfig }, clock),
    clock,
    onState: (resource, state) => states.push(`${resource} ${state.phase}${'why' in state ? `: ${state.why}` : ''}`),
  });
  const ender = new AbortController();
  const run = feed.run(ender.signal);
  const stop = async (): Promise<void> => {
    ender.abort();
    await run;
  };
  ending.push(stop);
  await eventually(() => feed.isComplete, `everything is listed: ${states.join('; ')}`);
  return { feed, states, stop };
}

/** A kubeconfig of the server's, which leads to another port, or is somebody else's. */
function adapted(server: ApiServer, change: { readonly port?: number; readonly user?: (token: string) => object }): string {
  const { clusters, users } = parse(readFileSync(server.kubeconfig('admin'), 'utf8')) as {
    readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority': string } }];
    readonly users: readonly [{ readonly user: { readonly token: string } }];
  };
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const url = change.port === undefined ? cluster.server : `https://127.0.0.1:${change.port}`;
  return kubeconfigOf(url, { user: change.user?.(user.token) ?? user, cluster: { 'certificate-authority': cluster['certificate-authority'], 'insecure-skip-tls-verify': false } });
}

const meta = (name: string, more: object = {}): object => ({ metadata: { name, ...more } });

const remove = (server: ApiServer, name: string): Promise<unknown> => server.send('DELETE', `${podsPath}/${name}?gracePeriodSeconds=0`);
const podOf = (feed: Feed, name: string): PodFact | null => feed.inventory().pods.find((pod) => pod.name === name) ?? null;

if (!hasApiServer && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('the inventory of a real API server: none was built (.ci/run builds one)');
else {
  afterEach(async () => {
    await Promise.all(ending.splice(0).map((stop) => stop()));
  });

  describe('the inventory of a real API server', () => {
    let server: ApiServer;
    beforeAll(async () => {
      server = await startApiServer(PORT);
    });
    afterAll(() => server.stop());

    it('has the facts of every kind, and follows what happens', async () => {
      const { feed, states } = await follow(server.kubeconfig('admin'));
      const selector = { matchLabels: { app: 'web' } };
      const job = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
      const owned = { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true }] };
      for (const [path, object] of [
        ['/api/v1/nodes', { ...meta('node-a'), spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } }],
        ['/api/v1/namespaces', meta('shop', { labels: { team: 'a' } })],
        ['/apis/apps/v1/namespaces/default/deployments', { ...meta('web'), spec: { selector, template } }],
        ['/apis/apps/v1/namespaces/default/replicasets', { ...meta('web-6b746f74dc', owned), spec: { selector, template } }],
        ['/apis/apps/v1/namespaces/default/statefulsets', { ...meta('db'), spec: { serviceName: 'db', selector, template } }],
        ['/apis/apps/v1/namespaces/default/daemonsets', { ...meta('agent'), spec: { selector, template } }],
        ['/apis/batch/v1/namespaces/default/jobs', { ...meta('once'), spec: { template: job } }],
        ['/apis/batch/v1/namespaces/default/cronjobs', { ...meta('nightly'), spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: job } } } }],
        ['/api/v1/namespaces/default/services', { ...meta('web'), spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] } }],
        [
          '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
          { ...meta('web-1', { labels: { 'kubernetes.io/service-name': 'web' } }), addressType: 'IPv4', endpoints: [{ addresses: ['10.1.0.1'] }], ports: [{ name: 'http', port: 8080 }] },
        ],
      ] as const) {
        expect((await server.create(path, object)).reason, path).toBe('');
      }
      await runPod(server, 'web-6b746f74dc-abcde', '10.1.0.1');
      await eventually(() => podOf(feed, 'web-6b746f74dc-abcde')?.addresses[0] === '10.1.0.1', 'the pod has its address');
      await eventually(() => feed.inventory().slices.some(({ service, addresses }) => service === 'web' && addresses[0] === '10.1.0.1'), 'the endpoints are known');
      const inventory = feed.inventory();
      expect(inventory.workloads.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
        'CronJob nightly',
        'DaemonSet agent',
        'Deployment web',
        'Job once',
        'ReplicaSet web-6b746f74dc',
        'StatefulSet db',
      ]);
      expect(inventory.nodes).toMatchObject([{ name: 'node-a', podCidrs: ['10.1.0.0/24'] }]);
      expect(inventory.namespaces.find(({ name }) => name === 'shop')?.labels.get('team')).toBe('a');
      expect(inventory.services.map(({ name }) => name).toSorted()).toEqual(['kubernetes', 'web']);
      const before = Date.now();
      await remove(server, 'web-6b746f74dc-abcde');
      const gone = await eventually(() => (podOf(feed, 'web-6b746f74dc-abcde')?.gone === true ? podOf(feed, 'web-6b746f74dc-abcde') : null), 'the pod is gone');
      expect(gone.addresses).toEqual(['10.1.0.1']);
      // The API's times are whole seconds.
      expect(gone.until).toBeGreaterThan(before - 1_000);
      expect(gone.until).toBeLessThanOrEqual(Date.now());
      expect(states.filter((state) => !/ (listing|watching)$/.test(state))).toEqual([]);
    });

    it('tells within the time that a record may wait how far it is, though nothing happens', async () => {
      const { feed } = await follow(server.kubeconfig('admin'));
      await wait(1_500);
      const now = Date.now();
      expect(feed.passed(now)).toBe(false);
      expect(await feed.untilPassed(now, 5_000, new AbortController().signal)).toBe(true);
      expect(feed.asOf).toBeLessThanOrEqual(Date.now());
      await runPod(server, 'after-hurry', '10.1.0.9');
      await eventually(() => podOf(feed, 'after-hurry'), 'the watch goes on');
    });

    it('is had with a token that a command gives', async () => {
      const command = join(scratch(), 'token');
      const kubeconfig = adapted(server, {
        user: (token) => {
          const credential = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } });
          writeFileSync(command, `#!/bin/sh\necho '${credential}'\n`);
          chmodSync(command, 0o700);
          return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' } };
        },
      });
      const { feed } = await follow(kubeconfig);
      expect(feed.inventory().namespaces.map(({ name }) => name)).toContain('default');
    });

    it('is not had with a wrong token, which is said', async () => {
      const states: string[] = [];
      const kubeconfig = adapted(server, { user: () => ({ token: 'wrong' }) });
      const feed = new Feed({ connection: await connect({ kubeconfig }, clock), clock, onState: (resource, state) => states.push(`${resource} ${JSON.stringify(state)}`) });
      const ender = new AbortController();
      const running = feed.run(ender.signal);
      await eventually(() => states.includes('pods {"phase":"waiting","why":"cannot list pods: Unauthorized"}'), 'it is said');
      ender.abort();
      await running;
    });

    it(`of ${MANY} pods comes in pages, whole, and stays right while connections are cut`, async () => {
      for (let from = 0; from < MANY; from += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, i) => server.create(podsPath, { ...meta(`many-${from + i}`), spec: template.spec })));
      }
      const proxy = new TcpProxy(PORT);
      const { feed } = await follow(adapted(server, { port: await proxy.listen() }));
      const present = (): readonly string[] => feed.inventory().pods.filter(({ name, gone }) => name.startsWith('many-') && !gone).map(({ name }) => name).toSorted();
      const expected = new Set(Array.from({ length: MANY }, (_, i) => `many-${i}`));
      expect(present()).toEqual([...expected].toSorted());
      for (let round = 0; round < 5; round++) {
        proxy.cut();
        await Promise.all(Array.from({ length: 20 }, async (_, i) => {
          await remove(server, `many-${round * 20 + i}`);
          await server.create(podsPath, { ...meta(`many-new-${round}-${i}`), spec: template.spec });
          expected.delete(`many-${round * 20 + i}`);
          expected.add(`many-new-${round}-${i}`);
        }));
        proxy.join();
        await eventually(() => present().join() === [...expected].toSorted().join(), `round ${round} is followed`);
      }
      proxy.close();
    });
  });

  it('survives that the API server goes and comes back', async () => {
    const folder = scratch();
    const first = await startApiServer(PORT + 20, [], { folder });
    await runPod(first, 'web', '10.1.0.1');
    const { feed, states } = await follow(first.kubeconfig('admin'));
    await first.stop();
    await eventually(() => states.some((state) => state.startsWith('pods waiting')), 'it is missed');
    expect(podOf(feed, 'web')).toMatchObject({ gone: false });
    const second = await startApiServer(PORT + 20, [], { folder });
    try {
      await runPod(second, 'db', '10.1.0.2');
      await remove(second, 'web');
      for (let i = 0; i < 40 && podOf(feed, 'db') === null; i++) await wait(1_000);
      await eventually(() => podOf(feed, 'db')?.addresses[0] === '10.1.0.2' && podOf(feed, 'web')?.gone === true, 'it is followed again');
      expect(feed.states.get('pods')).toMatchObject({ phase: 'watching', complete: true });
    } finally {
      await Promise.all(ending.splice(0).map((stop) => stop()));
      await second.stop();
    }
  });

  it('begins anew where the server has forgotten the version that a watch goes on from', async () => {
    const port = PORT + 30;
    const server = await startApiServer(port, ['--watch-cache=false', '--etcd-compaction-interval=2s']);
    const proxy = new TcpProxy(port);
    try {
      await runPod(server, 'web', '10.1.0.1');
      const { feed, states } = await follow(adapted(server, { port: await proxy.listen() }));
      await eventually(() => feed.states.get('pods')?.phase === 'watching', 'it is watched');
      const lists = (): number => states.filter((state) => state === 'pods listing').length;
      expect(lists()).toBe(1);
      proxy.cut();
      const cutAt = Date.now();
      await remove(server, 'web');
      // Versions are forgotten while others come.
      for (let i = 0; i < 16; i++) {
        await server.create('/api/v1/namespaces/default/configmaps', meta(`filler-${i}`));
        await wait(500);
      }
      await runPod(server, 'db', '10.1.0.1');
      proxy.join();
      // The longest pause between two attempts is half a minute.
      for (let i = 0; i < 150 && podOf(feed, 'db') === null; i++) await wait(500);
      expect(lists()).toBe(2);
      expect(podOf(feed, 'db')).toMatchObject({ addresses: ['10.1.0.1'], gone: false });
      const web = podOf(feed, 'web');
      expect(web).toMatchObject({ gone: true });
      expect(web?.until).toBeLessThanOrEqual(cutAt);
    } finally {
      await Promise.all(ending.splice(0).map((stop) => stop()));
      proxy.close();
      await server.stop();
    }
  });

  it('says which rights are missing, and goes on with the rest', async () => {
    const server = await startApiServer(PORT + 40, [], { authorization: 'RBAC' });
    try {
      const rules = [{ apiGroups: ['', 'apps', 'batch', 'argoproj.io'], resources: ['pods', 'namespaces', 'services', 'deployments', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'cronjobs'], verbs: ['list', 'watch'] }];
      await server.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', { ...meta('footpath'), rules });
      await server.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        ...meta('footpath'),
        subjects: [{ kind: 'Group', name: 'viewers', apiGroup: 'rbac.authorization.k8s.io' }],
        roleRef: { kind: 'ClusterRole', name: 'footpath', apiGroup: 'rbac.authorization.k8s.io' },
      });
      await runPod(server, 'web', '10.1.0.1');
      // Rights take a moment to be known.
      await wait(1_000);
      const { feed, states } = await follow(server.kubeconfig('viewer'));
      await eventually(() => podOf(feed, 'web'), 'pods are read');
      expect(states.filter((state) => state.includes('refused')).toSorted()).toEqual([
        'endpointslices refused: cannot list endpointslices.discovery.k8s.io: endpointslices.discovery.k8s.io is forbidden: User "viewer" cannot list resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope',
        'networkpolicies refused: cannot list networkpolicies.networking.k8s.io: networkpolicies.networking.k8s.io is forbidden: User "viewer" cannot list resource "networkpolicies" in API group "networking.k8s.io" at the cluster scope',
        'nodes refused: cannot list nodes: nodes is forbidden: User "viewer" cannot list resource "nodes" in API group "" at the cluster scope',
      ]);
    } finally {
      await Promise.all(ending.splice(0).map((stop) => stop()));
      await server.stop();
    }
  });
}
