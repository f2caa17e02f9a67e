import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/model/address.ts';
import { RESOURCES } from '../../src/kubernetes/resources.ts';
import { Directory } from '../../src/resolve/directory.ts';
import { occupantAt } from '../../src/resolve/lives.ts';
import { eventually } from '../support/clock.ts';
import { feeding, listOf, podsOf, type Feeding } from '../support/feeding.ts';
import { nodeObject, ownerObject, podObject, serviceObject, type PodSpec } from '../support/inventory.ts';
import type { Asked } from '../support/kube-server.ts';
import { START } from '../support/reflecting.ts';

const SECOND = 1_000;
const at = (seconds: number): string => new Date(START + seconds * SECOND).toISOString();

function versioned(object: object, resourceVersion: string, more: object = {}): object {
  const { metadata } = object as { readonly metadata: object };
  return { ...object, metadata: { ...metadata, resourceVersion, ...more } };
}

const pod = (name: string, version: string, more: Partial<PodSpec> = {}, metadata: object = {}): object =>
  versioned(podObject({ namespace: 'shop', name, ip: '10.0.0.1', start: at(-600), owner: ['ReplicaSet', 'web-5d4f8c7b9'], ...more }), version, metadata);

/** Pods are listed; the watch that follows is open. */
async function watching(feeding_: Feeding, ...pods: readonly object[]): Promise<Asked> {
  (await feeding_.server.next('pods are listed')).list(pods, '10');
  const watch = (await feeding_.server.next('pods are watched')).begin();
  await eventually(() => feeding_.feed.states.get('pods')?.phase === 'watching', 'the watch is open');
  return watch;
}

describe('the inventory of a cluster', () => {
  it('holds facts of everything that names an address, or who made whom', async () => {
    const labels = { app: 'web' };
    const all = await feeding({
      namespaces: listOf({ metadata: { name: 'shop', labels: { team: 'a' } } }),
      services: listOf(serviceObject('shop', 'web', '10.96.0.1', labels, [{ port: 80 }])),
      nodes: listOf(nodeObject('node-a', '192.168.0.1', '10.0.0.0/24')),
      endpointslices: listOf({ metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } }, endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 8080 }] }),
      replicasets: listOf(ownerObject('ReplicaSet', 'shop', 'web-5d4f8c7b9', labels, { owner: ['Deployment', 'web'] })),
      deployments: listOf(ownerObject('Deployment', 'shop', 'web', labels)),
      statefulsets: listOf(ownerObject('StatefulSet', 'shop', 'db', labels)),
      daemonsets: listOf(ownerObject('DaemonSet', 'shop', 'agent', labels)),
      jobs: listOf(ownerObject('Job', 'shop', 'report-29000000', labels, { owner: ['CronJob', 'report'] })),
      cronjobs: listOf(ownerObject('CronJob', 'shop', 'report', labels)),
      networkpolicies: listOf({ metadata: { name: 'web', namespace: 'shop' }, spec: { podSelector: {} } }),
      adminnetworkpolicies: listOf({ metadata: { name: 'walls' }, spec: { priority: 1 } }),
      baselineadminnetworkpolicies: listOf({ metadata: { name: 'default' }, spec: {} }),
      clusternetworkpolicies: listOf({ apiVersion: 'policy.networking.k8s.io/v1beta1', metadata: { name: 'walls' }, spec: { tier: 'Admin' } }),
      rollouts: listOf(ownerObject('Rollout', 'shop', 'canary', labels)),
    });
    expect(all.feed.isComplete).toBe(false);
    await watching(all, pod('web-5d4f8c7b9-abcde', '5'));
    await eventually(() => all.feed.isComplete, 'everything is listed');
    const inventory = all.feed.inventory();
    expect(inventory.workloads.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
      'CronJob report',
      'DaemonSet agent',
      'Deployment web',
      'Job report-29000000',
      'ReplicaSet web-5d4f8c7b9',
      'Rollout canary',
      'StatefulSet db',
    ]);
    expect([inventory.services, inventory.slices, inventory.nodes, inventory.namespaces].map((facts) => facts.map(({ name }) => name))).toEqual([['web'], ['web-1'], ['node-a'], ['shop']]);
    expect(inventory.policies).toEqual([
      { kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', namespace: 'shop', name: 'web', spec: { podSelector: {} } },
      { kind: 'AdminNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1alpha1', namespace: '', name: 'walls', spec: { priority: 1 } },
      { kind: 'BaselineAdminNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1alpha1', namespace: '', name: 'default', spec: {} },
      { kind: 'ClusterNetworkPolicy', apiVersion: 'policy.networking.k8s.io/v1beta1', namespace: '', name: 'walls', spec: { tier: 'Admin' } },
    ]);
    expect(inventory.asOf).toBe(START);
    const directory = new Directory(inventory, [parseCidr('10.0.0.0/8')!], null);
    expect(directory.workloadOfPod(inventory.pods[0]!)).toMatchObject({ kind: 'Deployment', name: 'web' });
    expect(occupantAt('10.0.0.1', START, START, directory, null)).toMatchObject({ pod: 'shop/web-5d4f8c7b9-abcde' });
  });

  it('is asked of the paths that the API has', async () => {
    const { server, feed } = await feeding({ pods: listOf() });
    await eventually(() => feed.isComplete, 'everything is listed');
    const paths = new Set(server.all.map(({ path }) => path));
    expect([...paths].toSorted()).toEqual([
      '/api/v1/namespaces',
      '/api/v1/nodes',
      '/api/v1/pods',
      '/api/v1/services',
      '/apis/apps/v1/daemonsets',
      '/apis/apps/v1/deployments',
      '/apis/apps/v1/replicasets',
      '/apis/apps/v1/statefulsets',
      '/apis/argoproj.io/v1alpha1/rollouts',
      '/apis/batch/v1/cronjobs',
      '/apis/batch/v1/jobs',
      '/apis/discovery.k8s.io/v1/endpointslices',
      '/apis/networking.k8s.io/v1/networkpolicies',
      '/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies',
      '/apis/policy.networking.k8s.io/v1alpha1/baselineadminnetworkpolicies',
      '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies',
    ]);
  });

  it('tells what is added, changed and gone, with its time, and counts its revisions', async () => {
    const { feed, hears, clock, ...rest } = await feeding();
    const watch = await watching({ feed, hears, clock, ...rest }, pod('web', '5'));
    expect(await hears('added', 'web')).toMatchObject({ resource: 'pods', time: START - 600 * SECOND });
    const before = feed.revision;
    watch.event('MODIFIED', pod('web', '11', { labels: { app: 'other' } }, { managedFields: [{ time: at(-2) }] }));
    expect(await hears('changed', 'web')).toMatchObject({ time: START - 2 * SECOND, fact: { labels: new Map([['app', 'other']]) } });
    watch.event('MODIFIED', pod('web', '12', { labels: { app: 'other' } }, { annotations: { note: 'of no interest' } }));
    clock.advance(20 * SECOND);
    watch.event('DELETED', pod('web', '13', { labels: { app: 'other' } }));
    expect(await hears('gone', 'web')).toMatchObject({ time: START + 20 * SECOND, fact: { until: START + 20 * SECOND, gone: true } });
    expect(feed.revision).toBe(before + 2);
  });
});

describe('the lives of pods', () => {
  it('end with the containers, and are kept for an hour', async () => {
    const { feed, hears, clock, ...rest } = await feeding();
    const watch = await watching({ feed, hears, clock, ...rest }, pod('web', '5'));
    clock.advance(40 * SECOND);
    const done = pod('web', '12', { phase: 'Succeeded' }) as { readonly status: object };
    watch.event('DELETED', { ...done, status: { ...done.status, containerStatuses: [{ state: { terminated: { finishedAt: at(30) } } }] } });
    expect(await hears('gone', 'web')).toMatchObject({ time: START + 30 * SECOND });
    expect(podsOf(feed)).toMatchObject([{ name: 'web', until: START + 30 * SECOND, gone: true }]);
    clock.advance(3_600 * SECOND);
    expect(podsOf(feed)).toHaveLength(1);
    clock.advance(1);
    expect(podsOf(feed)).toEqual([]);
  });

  it('end at the last look if they ended while nobody looked', async () => {
    const { feed, hears, clock, server, ...rest } = await feeding();
    const watch = await watching({ feed, hears, clock, server, ...rest }, pod('web', '5'), pod('other', '6', { ip: '10.0.0.2' }));
    clock.advance(30 * SECOND);
    watch.bookmark('20');
    await eventually(() => feed.passed(START + 29 * SECOND), 'the bookmark counts');
    watch.event('ERROR', { code: 410, reason: 'Expired', message: 'too old' });
    await eventually(() => clock.sleeping.includes(400), 'it pauses');
    clock.advance(60 * SECOND);
    (await server.next()).list([pod('other', '6', { ip: '10.0.0.2' })], '90');
    expect(await hears('gone', 'web')).toMatchObject({ time: START + 29 * SECOND, fact: { until: START + 29 * SECOND } });
    expect(feed.inventory().asOf).toBe(START + 90 * SECOND);
  });

  it('follow each other at one address, each for its time', async () => {
    const { feed, hears, clock, ...rest } = await feeding();
    const watch = await watching({ feed, hears, clock, ...rest }, pod('web', '5'));
    clock.advance(20 * SECOND);
    watch.event('DELETED', pod('web', '12'));
    await hears('gone', 'web');
    clock.advance(20 * SECOND);
    watch.event('ADDED', pod('db', '13', { start: at(25), owner: ['StatefulSet', 'db'] }));
    await hears('added', 'db');
    watch.bookmark('14');
    await eventually(() => feed.passed(START + 39 * SECOND), 'the bookmark counts');
    const directory = new Directory(feed.inventory(), [], null);
    const who = (seconds: number): unknown => occupantAt('10.0.0.1', START + seconds * SECOND, START + seconds * SECOND, directory, null);
    expect([who(10), who(22), who(30)]).toMatchObject([{ pod: 'shop/web' }, 'nobody', { pod: 'shop/db' }]);
  });

  it('end when another pod takes the name, which is the one that is meant from then on', async () => {
    const { feed, hears, clock, server, ...rest } = await feeding();
    const watch = await watching({ feed, hears, clock, server, ...rest }, pod('db-0', '5'));
    watch.event('ERROR', { code: 410, reason: 'Expired', message: 'too old' });
    await eventually(() => clock.sleeping.includes(400), 'it pauses');
    clock.advance(60 * SECOND);
    (await server.next()).list([pod('db-0', '50', { ip: '10.0.0.7', start: at(45) })], '90');
    expect(await hears('gone', 'db-0')).toMatchObject({ time: START, fact: { addresses: ['10.0.0.1'] } });
    await eventually(() => podsOf(feed).length === 2, 'both are known');
    expect(new Directory(feed.inventory(), [], null).pod('shop', 'db-0')).toMatchObject({ addresses: ['10.0.0.7'], gone: false });
  });
});

describe('what went wrong with one resource', () => {
  it('is said once, and the others go on', async () => {
    const message = 'nodes is forbidden: User "viewer" cannot list resource "nodes" in API group "" at the cluster scope';
    const { feed, states, clock, server } = await feeding({ pods: listOf(), nodes: (asked) => asked.refuse(403, 'Forbidden', message) });
    await eventually(() => feed.isComplete && clock.sleeping.filter((ms) => ms === 150_000).length === RESOURCES.length, 'everything else is watched');
    clock.advance(150 * SECOND);
    await eventually(() => server.all.filter(({ path }) => path === '/api/v1/nodes').length === 2, 'it is tried again');
    expect(states.filter((state) => state.startsWith('nodes'))).toEqual([`nodes refused: cannot list nodes: ${message}`]);
    expect(feed.states.get('nodes')).toMatchObject({ phase: 'refused', complete: false });
    const services = await eventually(() => (feed.states.get('services')?.phase === 'watching' ? feed.states.get('services') : null), 'services are watched');
    expect(services.complete).toBe(true);
  });

  it('names the group where it has one', async () => {
    const { states } = await feeding({ pods: listOf(), cronjobs: (asked) => asked.refuse(403, 'Forbidden', 'no') });
    await eventually(() => states.includes('cronjobs refused: cannot list cronjobs.batch: no'), 'it is said');
    expect(states.some((state) => state.startsWith('pods refused'))).toBe(false);
  });

  it('is of no interest where few clusters have it', async () => {
    const { feed, states } = await feeding({ pods: listOf(), rollouts: (asked) => asked.refuse(404, '', '404 page not found') });
    await eventually(() => feed.isComplete, 'everything else is listed');
    expect(states.filter((state) => state.startsWith('rollouts'))).toEqual([]);
  });

  it('counts objects that were too large', async () => {
    const { feed } = await feeding({ pods: listOf(), namespaces: listOf({ metadata: { name: 'large', annotations: { note: 'x'.repeat(5 * 1024 * 1024) } } }, { metadata: { name: 'shop' } }) });
    await eventually(() => feed.isComplete, 'everything is listed');
    expect(feed.states.get('namespaces')).toMatchObject({ tooLong: 1, complete: true });
    expect(feed.inventory().namespaces.map(({ name }) => name)).toEqual(['shop']);
  });
});

describe('whether the watch of pods has passed a time', () => {
  it('is known from the list, from events, and from bookmarks', async () => {
    const { feed, clock, ...rest } = await feeding();
    expect(feed.passed(START - 3_600 * SECOND)).toBe(false);
    const watch = await watching({ feed, clock, ...rest });
    expect([feed.passed(START), feed.passed(START + 1)]).toEqual([true, false]);
    clock.advance(60 * SECOND);
    watch.event('ADDED', pod('web', '11', { start: at(40) }));
    await eventually(() => feed.passed(START + 40 * SECOND), 'the event counts');
    expect(feed.passed(START + 41 * SECOND)).toBe(false);
    const { revision } = feed;
    watch.bookmark('12');
    await eventually(() => feed.passed(START + 59 * SECOND), 'the bookmark counts');
    expect([feed.asOf, feed.inventory().asOf, feed.revision]).toEqual([START + 59 * SECOND, START + 59 * SECOND, revision]);
  });

  it('is no matter of other resources', async () => {
    const { feed, clock, server, ...rest } = await feeding({ services: (asked) => (asked.isWatch ? asked.begin().event('ADDED', versioned(serviceObject('shop', 'web', '10.96.0.1', null, []), '11', { creationTimestamp: at(30) })) : asked.list([], '10')) });
    await watching({ feed, clock, server, ...rest });
    clock.advance(60 * SECOND);
    await eventually(() => feed.inventory().services.length === 1, 'the service is known');
    expect(feed.passed(START + 1)).toBe(false);
  });

  it('is waited for with short watches where nothing happens', async () => {
    const { feed, clock, server, ...rest } = await feeding();
    const long = await watching({ feed, clock, server, ...rest });
    clock.advance(60 * SECOND);
    const waiting = feed.untilPassed(START + 60 * SECOND, 5_000, new AbortController().signal);
    for (let i = 0; i < 2; i++) {
      await eventually(() => clock.sleeping.includes(500), 'it waits');
      clock.advance(500);
      const short = (await server.next('a short watch')).begin();
      expect(short.query.get('timeoutSeconds')).toBe('1');
      await eventually(() => clock.sleeping.includes(500), 'it waits');
      clock.advance(500);
      await eventually(() => clock.sleeping.includes(500), 'it waits');
      clock.advance(500);
      short.end();
    }
    expect(await waiting).toBe(true);
    expect(long.isOver).toBe(true);
  });

  it('is not waited for where pods may not be read', async () => {
    const { feed } = await feeding({ pods: (asked) => asked.refuse(403, 'Forbidden', 'no') });
    await eventually(() => feed.states.get('pods')?.phase === 'refused', 'it is refused');
    expect(await feed.untilPassed(START, 5_000, new AbortController().signal)).toBe(false);
  });
});

describe('a feed', () => {
  it('ends when it is told to', async () => {
    const { run, stop, feed } = await feeding({ pods: listOf() });
    await eventually(() => feed.isComplete, 'everything is listed');
    const waiting = feed.untilPassed(START + 60 * SECOND, 60_000, new AbortController().signal);
    stop();
    await expect(run).resolves.toBeUndefined();
    expect(await waiting).toBe(false);
  });

  it('ends with what a listener throws, all of it', async () => {
    const { run, server } = await feeding(
      { pods: listOf(pod('web', '5')) },
      {
        onChange: () => {
          throw new TypeError('a bug');
        },
      },
    );
    await expect(run).rejects.toThrow('a bug');
    await eventually(() => server.all.every((asked) => !asked.isWatch || asked.isOver), 'all watches are closed');
  });
});
