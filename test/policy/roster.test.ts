import { describe, expect, it } from 'vitest';
import { formatLabels } from '../../src/model/labels.ts';
import type { Peer } from '../../src/model/peer.ts';
import { Roster, type Member } from '../../src/policy/roster.ts';
import { Learner } from '../support/graph.ts';
import { pod, T0 } from '../support/hubble.ts';
import { nodeObject, ownerObject, podObject } from '../support/inventory.ts';
import { endName } from '../support/policy.ts';
import { deployed, learned, used, workloadName } from '../support/proposals.ts';
import { DAY } from '../support/shop.ts';

const rosterOf = (learner: Learner): Roster => new Roster(learner.graph());

function memberOf(roster: Roster, path: string): Member {
  const member = [...roster.members()].find(({ peer }) => workloadName(peer) === path);
  if (member === undefined) throw new Error(`no workload ${path}`);
  return member;
}

const labelsOf = ({ standIns }: Member): readonly string[] => standIns.map(({ labels }) => formatLabels(labels));

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2', { kind: 'Deployment' });

describe('who is on the roster', () => {
  it('holds workloads of the inventory and those that flows showed, each once', () => {
    const roster = rosterOf(
      learned([{ from: web.end, to: pod('pay', 'ledger-0', '10.0.1.1', { app: 'ledger' }) }], [...web.objects, ...cart.objects]),
    );
    expect([...roster.members()].map(({ peer }) => `${workloadName(peer)} ${peer.kind}`).toSorted()).toEqual([
      'pay/ledger StatefulSet',
      'shop/cart Deployment',
      'shop/web StatefulSet',
    ]);
  });

  it('knows neighbours by their namespace', () => {
    const roster = rosterOf(learned([{ from: web.end, to: pod('pay', 'ledger-0', '10.0.1.1') }], [...web.objects, ...cart.objects]));
    expect(
      roster
        .neighbours(memberOf(roster, 'shop/web').peer)
        .map(({ peer }) => workloadName(peer))
        .toSorted(),
    ).toEqual(['shop/cart', 'shop/web']);
    expect(roster.neighbours(memberOf(roster, 'pay/ledger').peer).map(({ peer }) => workloadName(peer))).toEqual(['pay/ledger']);
  });

  it('tells the workloads of another cluster from those that policies are for', () => {
    const here = pod('shop', 'web-0', '10.0.0.1', { app: 'web' }, { cluster: 'west' });
    const there = pod('shop', 'web-1', '10.9.0.1', { app: 'web' }, { cluster: 'east' });
    const roster = rosterOf(learned([{ from: there, to: here }], [], { cluster: 'west' }));
    expect([...roster.members()].map(({ peer }) => peer.cluster).toSorted()).toEqual(['east', 'west']);
    expect(roster.local().map(({ peer }) => peer.cluster)).toEqual(['west']);
    expect(roster.neighbours(memberOf(roster, 'shop/web').peer)).toHaveLength(1);
  });

  it('gives every namespace its name, described or not', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } };
    const roster = rosterOf(learned([{ from: web.end, to: pod('pay', 'ledger-0', '10.0.1.1') }], [...web.objects, namespace]));
    expect(Object.fromEntries(roster.namespaces.get('shop') ?? [])).toEqual({ 'kubernetes.io/metadata.name': 'shop', team: 'a' });
    expect(Object.fromEntries(roster.namespaces.get('pay') ?? [])).toEqual({ 'kubernetes.io/metadata.name': 'pay' });
  });
});

describe('the pods that stand for a workload', () => {
  const owner: readonly [string, string] = ['StatefulSet', 'web'];

  it('are its own: one for each set of labels, with its address and ports', () => {
    const ports = [{ name: 'http', containerPort: 8080 }];
    const pods = [
      podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.1', labels: { app: 'web', release: 'a' }, owner, ports }),
      podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.2', labels: { app: 'web', release: 'b' }, owner }),
      podObject({ namespace: 'shop', name: 'web-2', ip: '10.0.0.3', labels: { app: 'web', release: 'b' }, owner }),
    ];
    const member = memberOf(rosterOf(new Learner().know(...pods)), 'shop/web');
    expect(member.knownBy).toBe('pods');
    expect(labelsOf(member)).toEqual(['app=web,release=a', 'app=web,release=b']);
    expect(member.standIns.map(({ addresses }) => addresses.map(({ text }) => text))).toEqual([['10.0.0.1'], ['10.0.0.2']]);
    expect(member.standIns.map((end) => end.ports.map(({ name, port }) => `${name} ${port}`))).toEqual([['http 8080'], []]);
  });

  it('know every address of their node', () => {
    const [own] = memberOf(
      rosterOf(
        new Learner().know(
          ...deployed('shop/web', '10.0.0.1', { pod: { hostIP: '192.168.0.1' } }).objects,
          nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'),
        ),
      ),
      'shop/web',
    ).standIns;
    expect(new Set(own?.hostAddresses)).toEqual(new Set(['192.168.0.1', '10.0.0.0', '10.0.0.1']));
  });

  it('are made of the template where no pod is known', () => {
    const idle = ownerObject('Deployment', 'shop', 'idle', { app: 'idle' }, { ports: [{ name: 'http', containerPort: 80 }] });
    const member = memberOf(rosterOf(new Learner().know(idle)), 'shop/idle');
    expect(member.knownBy).toBe('template');
    expect(labelsOf(member)).toEqual(['app=idle']);
    expect(member.standIns[0]?.ports).toEqual([{ name: 'http', port: 80, protocol: 'TCP' }]);
  });

  it('are made of a CronJob’s template between two runs, however its runs were recorded', () => {
    const run = pod('shop', 'nightly-29012345-x7k2p', '10.0.0.7', { app: 'nightly', 'batch.kubernetes.io/job-name': 'nightly-29012345' });
    const roster = rosterOf(
      learned([{ from: run, to: web.end }], [...web.objects, ownerObject('CronJob', 'shop', 'nightly', { app: 'nightly', tier: 'batch' })]),
    );
    const member = memberOf(roster, 'shop/nightly');
    expect(member.peer.kind).toBe('CronJob');
    expect(member.knownBy).toBe('template');
    expect(labelsOf(member)).toEqual(['app=nightly,tier=batch']);
  });

  it('are made of what records said where there is no inventory, without the labels of one revision', () => {
    const first = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web', 'pod-template-hash': '6b746f74dc' });
    const second = pod('shop', 'web-7d9f8b6c5d-x7x2l', '10.0.0.9', { app: 'web', 'pod-template-hash': '7d9f8b6c5d' });
    const member = memberOf(
      rosterOf(
        learned([
          { from: first, to: cart.end },
          { from: second, to: cart.end },
        ]),
      ),
      'shop/web',
    );
    expect(member.knownBy).toBe('records');
    expect(labelsOf(member)).toEqual(['app=web']);
    expect(member.standIns[0]?.addresses.map(({ text }) => text).toSorted()).toEqual(['10.0.0.1', '10.0.0.9']);
  });

  it('are nobody where records had no labels', () => {
    const nameless = { ip: '10.0.0.1', pod: 'web-0', namespace: 'shop' };
    const member = memberOf(rosterOf(learned([{ from: nameless, to: cart.end }])), 'shop/web');
    expect(member).toMatchObject({ knownBy: 'nothing', standIns: [], fact: null });
  });
});

describe('pods that the inventory no longer holds', () => {
  const START = { old: '2026-03-01T00:00:00Z', young: '2026-03-02T00:00:00Z' };
  const owner: readonly [string, string] = ['StatefulSet', 'web'];
  const old = podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.1', labels: { app: 'web', release: 'a' }, owner, start: START.old });
  const young = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web', release: 'b' }, owner, start: START.young });
  const elsewhere = podObject({ namespace: 'shop', name: 'other-0', ip: '10.0.0.8', owner: ['StatefulSet', 'other'], start: START.young });
  const template = ownerObject('StatefulSet', 'shop', 'web', { app: 'web', release: 'c' });

  it.each<[string, readonly (readonly object[])[], readonly string[], boolean]>([
    ['say nothing beside those that it holds', [[old], [young]], ['app=web,release=b'], false],
    ['say nothing beside a template', [[old], [elsewhere, template]], ['app=web,release=c'], false],
    ['say what there is to say where all are gone', [[old], [elsewhere]], ['app=web,release=a'], true],
    ['are those of a list that holds them, too', [[old, elsewhere]], ['app=web,release=a'], false],
  ])('%s', (_, lists, labels, gone) => {
    const learner = new Learner();
    for (const objects of lists) learner.know(...objects);
    const member = memberOf(rosterOf(learner), 'shop/web');
    expect([labelsOf(member), member.gone]).toEqual([labels, gone]);
  });

  it('are not gone where records show the workload at work after the list was made', () => {
    const later = T0 + DAY;
    const flow = { from: pod('shop', 'web-2', '10.0.0.10', { app: 'web' }), to: cart.end };
    const gone = (time: number): boolean => memberOf(rosterOf(new Learner().know(old).know(elsewhere).read(used({ ...flow, time }))), 'shop/web').gone;
    expect(gone(later)).toBe(false);
    expect(gone(Date.parse(START.young) - DAY)).toBe(true);
  });
});

describe('addresses of pods', () => {
  const NODES = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24')];
  const addressesOf = (learner: Learner): readonly string[] => [...rosterOf(learner).podAddresses].toSorted();

  it('are those of the inventory and of records, in this cluster', () => {
    const seen = pod('shop', 'seen-0', '10.7.0.1', { app: 'seen' });
    expect(addressesOf(learned([{ from: seen, to: web.end }], web.objects))).toEqual(['10.0.0.1', '10.7.0.1']);
    const there = { ...seen, cluster: 'east' };
    expect(addressesOf(learned([{ from: there, to: { ...web.end, cluster: 'west' } }], web.objects, { cluster: 'west' }))).toEqual(['10.0.0.1']);
  });

  it('are not those of nodes, nor those that pods have given up', () => {
    const agent = deployed('shop/agent', '192.168.0.1', { pod: { hostNetwork: true } });
    const done = deployed('shop/done', '10.0.0.7', { pod: { phase: 'Succeeded' } });
    expect(addressesOf(new Learner().know(...web.objects, ...agent.objects, ...done.objects, ...NODES))).toEqual(['10.0.0.1']);
  });

  it('stray where no range holds them', () => {
    const strays = (...ranges: readonly string[]): readonly string[] =>
      rosterOf(new Learner({ ranges }).know(...web.objects, ...deployed('shop/odd', '10.7.0.1').objects, ...NODES)).strays.map(({ text }) => text);
    expect(strays()).toEqual(['10.7.0.1']);
    expect(strays('10.7.0.0/16')).toEqual([]);
  });
});

describe('who is on the host’s network', () => {
  it.each<[string, readonly object[], boolean]>([
    ['a pod says so', deployed('shop/web', '192.168.0.1', { pod: { hostNetwork: true } }).objects, true],
    ['a template says so, and no pod is known', [ownerObject('DaemonSet', 'shop', 'web', { app: 'web' }, { hostNetwork: true })], true],
    ['nobody says so', web.objects, false],
  ])('%s', (_, objects, expected) => {
    const member = memberOf(rosterOf(new Learner().know(...objects)), 'shop/web');
    expect(member.hostNetwork).toBe(expected);
    expect(member.standIns.every((end) => end.hostNetwork === expected)).toBe(true);
  });
});

describe('the ends that stand for a peer', () => {
  const roster = (): Roster => rosterOf(new Learner().know(...web.objects));
  const names = (peer: Peer, ...addresses: readonly string[]): readonly string[] => roster().endsOf(peer, addresses).map(endName);
  it.each<[string, readonly string[], readonly string[]]>([
    ['an outside address is its own', names({ type: 'external', address: '198.51.100.7' }, '203.0.113.9'), ['198.51.100.7']],
    [
      'a node is every address that stood for one',
      names({ type: 'node', cluster: 'default' }, '192.168.0.1', '2001:db8::1'),
      ['192.168.0.1', '2001:db8::1'],
    ],
    ['the API server likewise', names({ type: 'apiserver', cluster: 'default' }, '192.168.0.9'), ['192.168.0.9']],
    ['the public is its samples', names({ type: 'public' }, '198.51.100.7'), ['198.51.100.7']],
    ['a class of which no address is known is nobody', names({ type: 'node', cluster: 'default' }), []],
    ['addresses over the cap are nobody', names({ type: 'external', address: 'others' }), []],
    [
      'a workload that is not known is nobody',
      names({ type: 'workload', cluster: 'default', namespace: 'shop', kind: 'Deployment', name: 'none' }),
      [],
    ],
  ])('%s', (_, told, expected) => {
    expect(told).toEqual(expected);
  });

  it('a node is those that the inventory holds, once what stood for it is gone', () => {
    const known = rosterOf(new Learner().know(...web.objects, nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), nodeObject('node-b', '192.168.0.2')));
    const ends = (...seen: readonly string[]): readonly string[] => known.endsOf({ type: 'node', cluster: 'default' }, seen).map(endName);
    expect(ends('192.168.0.2')).toEqual(['192.168.0.2']);
    expect(ends('192.168.0.2', '192.168.0.9')).toEqual(['192.168.0.2']);
    expect(ends('192.168.0.9')).toEqual(['192.168.0.1', '192.168.0.2']);
    expect(ends('10.0.0.0')).toEqual(['10.0.0.0']);
  });

  it('a workload is its pods', () => {
    const known = roster();
    expect(known.endsOf(memberOf(known, 'shop/web').peer, ['10.9.9.9']).map(endName)).toEqual(['shop/web-0']);
  });
});
