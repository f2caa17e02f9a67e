import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { inbound, outbound } from '../support/envoy.ts';
import { Learner, type Log } from '../support/graph.ts';
import { connection, hubbleLine, pod, T0, type HubbleFlow } from '../support/hubble.ts';
import { nodeObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.12', { app: 'cart' });
const books = pod('pay', 'books-0', '10.0.0.13', { app: 'books' });
const EDGE = 'shop/web -> shop/cart 8080/TCP';

const apiPod = (name: string, ip: string): object => podObject({ namespace: 'shop', name, ip, start: '2026-03-01T00:00:00Z', owner: ['ReplicaSet', name.replace(/-[^-]*$/, '')] });

/** Some connections within one hour: enough to be no single sighting. */
const usual = (flow: HubbleFlow): readonly string[] =>
  [0, 1, 2].flatMap((n) => connection({ ...flow, time: (typeof flow.time === 'number' ? flow.time : T0) + n * 1000, clientPort: 40_000 + n }));
const refused = (flow: HubbleFlow): readonly string[] => [hubbleLine(flow), hubbleLine({ ...flow, reply: true, flags: ['RST'] })];
const denied = (flow: HubbleFlow): string =>
  hubbleLine({ ...flow, verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 } } });

describe('only success teaches', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['connections that were answered', usual({ from: web, to: cart }), [`${EDGE} accepted`]],
    ['one connection', connection({ from: web, to: cart }), [`${EDGE} observed [single-sighting]`]],
    [
      'refused ones',
      [...[0, 1].flatMap((n) => refused({ from: web, to: cart, time: T0 + n * HOUR })), ...usual({ from: cart, to: web, port: 9 })],
      ['shop/cart -> shop/web 9/TCP accepted', `${EDGE} observed [no-success]`],
    ],
    ['denied ones', [0, 1].map((n) => denied({ from: web, to: cart, time: T0 + n * HOUR })), [`${EDGE} observed [no-success]`]],
    [
      'established traffic that was answered',
      [hubbleLine({ from: web, to: cart, flags: ['ACK'] }), hubbleLine({ from: web, to: cart, flags: ['ACK'], reply: true })],
      [`${EDGE} accepted [no-opening]`],
    ],
    [
      'unanswered ones of a source that shows no answers',
      [0, 1].map((n) => hubbleLine({ from: web, to: cart, time: T0 + n })),
      [`${EDGE} accepted [unconfirmed]`],
    ],
    [
      'unanswered ones of a source that shows answers',
      [...[0, 1].map((n) => hubbleLine({ from: web, to: cart, time: T0 + n })), ...usual({ from: cart, to: web, port: 9 })],
      ['shop/cart -> shop/web 9/TCP accepted', `${EDGE} observed [no-success]`],
    ],
    [
      'unanswered UDP',
      [...[0, 1].map((n) => hubbleLine({ from: web, to: cart, time: T0 + n, protocol: 'UDP' as const })), ...usual({ from: cart, to: web, port: 9 })],
      ['shop/cart -> shop/web 9/TCP accepted', 'shop/web -> shop/cart 8080/UDP accepted [unconfirmed]'],
    ],
    ['a reply alone', [0, 1].map((n) => hubbleLine({ from: web, to: cart, reply: true, time: T0 + n * HOUR })), [`${EDGE} accepted [no-opening]`]],
    [
      'lost answers alone',
      [
        hubbleLine({
          from: cart,
          to: web,
          port: 54_000,
          clientPort: 8080,
          flags: ['ACK'],
          verdict: 'DROPPED',
          extra: { is_reply: undefined, event_type: { type: 1 } },
        }),
      ],
      [],
    ],
    ['nothing', [], []],
  ])('%s', (_, lines, expected) => {
    expect(new Learner().read(lines).edges()).toEqual(expected);
  });
});

describe('one edge', () => {
  it('is a workload’s, whichever of its pods, revisions and runs', () => {
    const clients = ['web-6b746f74dc-9rcxx', 'web-6b746f74dc-x7x2l', 'web-5d4f8c7b9-zzzzz'].map((name, i) => pod('shop', name, `10.0.0.2${i}`));
    const runs = ['backup-28475520-x7k2p', 'backup-28475580-9rcxx'].map((name, i) => pod('shop', name, `10.0.0.3${i}`));
    const learner = new Learner().read([...clients, ...runs].flatMap((from, i) => usual({ from, to: cart, time: T0 + i * HOUR })));
    expect(learner.edges()).toEqual(['shop/backup -> shop/cart 8080/TCP accepted', `${EDGE} accepted`]);
    expect([...learner.graph().edges[1]!.evidence.pods.keys()].toSorted()).toEqual([
      'shop/web-5d4f8c7b9-zzzzz',
      'shop/web-6b746f74dc-9rcxx',
      'shop/web-6b746f74dc-x7x2l',
    ]);
  });

  it('is one connection, though two reporters saw it', () => {
    const [edge] = new Learner()
      .read([
        ...connection({ from: web, to: cart, point: 'TO_ENDPOINT' }),
        hubbleLine({ from: web, to: cart, point: 'TO_NETWORK', direction: 'EGRESS', node: 'node-b' }),
      ])
      .graph().edges;
    expect(edge?.totals.opened).toBe(1);
    expect(edge?.evidence.witnesses.size).toBeGreaterThan(1);
  });

  it('is one, under what it was guessed to be and what it is', () => {
    const rollout = ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', { app: 'web' }, { owner: ['Rollout', 'web'] });
    const learner = new Learner()
      .read(usual({ from: web, to: cart }))
      .know(rollout, podObject({ namespace: 'shop', name: 'web-6b746f74dc-9rcxx', owner: ['ReplicaSet', 'web-6b746f74dc'] }));
    learner.read(usual({ from: web, to: cart, time: T0 + HOUR }));
    const { edges } = learner.graph();
    expect(edges.map(({ source }) => (source.type === 'workload' ? source.kind : ''))).toEqual(['Rollout']);
    expect(edges[0]?.totals.opened).toBe(6);
    expect(edges[0]?.rows).toHaveLength(2);
  });

  it('is one, whether a record names the cluster or not', () => {
    const named = { ...web, cluster: 'east' };
    const learner = new Learner().read([
      ...usual({ from: web, to: cart }),
      ...usual({ from: named, to: { ...cart, cluster: 'east' }, time: T0 + HOUR }),
    ]);
    expect(learner.edges()).toEqual([`${EDGE} accepted`]);
    expect(learner.graph().edges[0]?.source).toMatchObject({ cluster: 'east' });
  });

  it('is found by its key, and has an id that is the same everywhere', () => {
    const [a, b] = [new Learner(), new Learner().read(usual({ from: cart, to: books }))].map((learner) =>
      learner.read(usual({ from: web, to: cart })).graph(),
    );
    const [edge] = a!.edges;
    expect(edge?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(b!.byKey.get(edge!.key)?.id).toBe(edge!.id);
  });
});

describe('edges', () => {
  it('are sorted by the names of their ends, then by port', () => {
    const lines = [
      { from: web, to: cart, port: 9090 },
      { from: books, to: web },
      { from: web, to: cart, port: 80 },
      { from: web, to: books },
    ].flatMap(usual);
    expect(
      new Learner()
        .read(lines)
        .edges()
        .map((text) => text.replace(/ (accepted|observed).*/, '')),
    ).toEqual(['pay/books -> shop/web 8080/TCP', 'shop/web -> pay/books 8080/TCP', 'shop/web -> shop/cart 80/TCP', 'shop/web -> shop/cart 9090/TCP']);
  });
});

describe('an end that only its address tells', () => {
  const byAddress = usual({ from: { ip: '10.0.0.11' }, to: cart, port: 9090, time: T0 + 30_000 });
  it('is nobody, and makes no rule, until somebody was seen there', () => {
    const learner = new Learner().read(byAddress);
    expect(learner.edges()).toEqual([]);
    expect(learner.edges({ withUnresolved: true })).toEqual(['unresolved 10.0.0.11 -> shop/cart 9090/TCP observed']);
    expect(learner.graph().unresolved.records.reduce((sum, n) => sum + n, 0)).toBe(3);
    learner.read(usual({ from: web, to: cart }));
    expect(learner.edges()).toEqual([`${EDGE} accepted`, 'shop/web -> shop/cart 9090/TCP accepted']);
    expect(learner.graph().unresolved.rows).toEqual([]);
  });

  it('is nobody again once two were seen there', () => {
    const other = pod('shop', 'api-0', '10.0.0.11');
    const learner = new Learner().read([
      ...usual({ from: web, to: cart, time: T0 }),
      ...usual({ from: web, to: cart, time: T0 + MINUTE }),
      ...byAddress,
    ]);
    expect(learner.edges()).toContain('shop/web -> shop/cart 9090/TCP accepted');
    learner.read([...usual({ from: other, to: cart, time: T0 + 1_000 }), ...usual({ from: other, to: cart, time: T0 + MINUTE })]);
    expect(learner.edges().some((text) => text.includes('9090'))).toBe(false);
  });

  it('is whoever had the address at the time', () => {
    const later = pod('shop', 'api-0', '10.0.0.11');
    const lines = [0, 10].flatMap((hour) => usual({ from: { ip: '10.0.0.11' }, to: cart, port: 9090, time: T0 + hour * HOUR }));
    const learner = new Learner().read([
      ...lines,
      ...usual({ from: web, to: cart, time: T0 }),
      ...usual({ from: later, to: cart, time: T0 + 10 * HOUR }),
    ]);
    expect(learner.edges().filter((text) => text.includes('9090'))).toEqual([
      'shop/api -> shop/cart 9090/TCP accepted',
      'shop/web -> shop/cart 9090/TCP accepted',
    ]);
  });

  it('may be a Service’s, whose pod port makes the edge', () => {
    const objects = [
      podObject({
        namespace: 'shop',
        name: 'cart-7d9f8b6c5d-x7x2l',
        ip: '10.0.0.12',
        labels: { app: 'cart' },
        owner: ['ReplicaSet', 'cart-7d9f8b6c5d'],
      }),
      serviceObject('shop', 'cart', '10.96.0.10', { app: 'cart' }, [{ port: 80, targetPort: 8080 }]),
    ];
    const lines = usual({ from: web, to: { ip: '10.96.0.10' }, port: 80 });
    for (const learner of [new Learner().know(...objects).read(lines), new Learner().read(lines).know(...objects)])
      expect(learner.edges()).toEqual([`${EDGE} accepted`]);
  });

  it('is told by access logs and flow logs together, whichever comes first', () => {
    const log = [0, 1].map((n) =>
      outbound({ host: '10.0.0.12:8080', upstreamLocal: '10.0.0.11:41000', downstreamRemote: '10.0.0.11:40000', time: T0 + n * 1000 }),
    );
    const owner = { source: 'log', owner: { namespace: 'shop', pod: 'web-6b746f74dc-9rcxx', container: 'istio-proxy' } };
    const flows = [...connection({ from: books, to: cart, port: 1, time: T0 }), ...connection({ from: books, to: cart, port: 1, time: T0 + MINUTE })];
    const one = new Learner().read(log, envoyAccessLog, owner).read(flows);
    const other = new Learner().read(flows).read(log, envoyAccessLog, owner);
    expect(one.edges()).toContain(`${EDGE} accepted`);
    expect(other.answer()).toBe(one.answer());
  });
});

describe('what a proxy’s labels tell', () => {
  const proxied = { ip: '10.0.0.200', labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop'] };
  it('backs the edge that others show, and counts nothing', () => {
    const learner = new Learner().read([...usual({ from: web, to: cart }), hubbleLine({ from: proxied, to: cart })]);
    expect(learner.edges()).toEqual([`${EDGE} accepted`]);
    expect(learner.graph().edges[0]?.totals.opened).toBe(3);
    expect(learner.graph().edges[0]?.evidence.byLabelsOnly.size).toBe(1);
  });

  it('makes no edge by itself', () => {
    const learner = new Learner().read([
      ...usual({ from: web, to: books }),
      hubbleLine({ from: proxied, to: cart, time: T0 }),
      hubbleLine({ from: proxied, to: cart, time: T0 + HOUR }),
    ]);
    expect(learner.edges()).toEqual(['shop/web -> pay/books 8080/TCP accepted']);
  });
});

describe('workloads', () => {
  it('are known since the revision at which a flow showed them', () => {
    const learner = new Learner()
      .read(usual({ from: web, to: cart }))
      .switchTo('watching')
      .read(usual({ from: web, to: books }));
    expect([...learner.graph().workloads.values()].map(({ workload, revision }) => `${workload.name} ${revision}`).toSorted()).toEqual([
      'books 1',
      'cart 0',
      'web 0',
    ]);
  });

  it('are known since the first one, under whatever name', () => {
    const learner = new Learner().read(usual({ from: web, to: cart })).switchTo('watching');
    learner.know(
      ownerObject('Rollout', 'shop', 'web', { app: 'web' }),
      ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', {}, { owner: ['Rollout', 'web'] }),
    );
    const later = { ...web, workload: ['Rollout', 'web'] as const };
    expect(
      [
        ...learner
          .read(usual({ from: later, to: cart }))
          .graph()
          .workloads.values(),
      ]
        .map(({ workload, revision }) => `${workload.kind} ${workload.name} ${revision}`)
        .toSorted(),
    ).toEqual(['Deployment cart 0', 'Rollout web 0']);
  });

  it('are not known by the inventory alone', () => {
    expect(new Learner().know(ownerObject('Deployment', 'shop', 'web', {})).graph().workloads.size).toBe(0);
  });
});

describe('traffic that is no edge', () => {
  const objects = [
    nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'),
    podObject({ namespace: 'shop', name: 'cart-7d9f8b6c5d-x7x2l', ip: '10.0.0.12', hostIP: '192.168.0.1', owner: ['ReplicaSet', 'cart-7d9f8b6c5d'] }),
  ];
  it('from the pod’s own node makes none, from another node it does', () => {
    const learner = new Learner().know(...objects, nodeObject('node-b', '192.168.0.2'));
    expect(learner.read(usual({ from: { ip: '192.168.0.1' }, to: cart })).edges()).toEqual([]);
    expect(learner.read(usual({ from: { ip: '192.168.0.2' }, to: cart })).edges()).toEqual(['node -> shop/cart 8080/TCP accepted']);
  });

  it('from the pod’s own node makes none though the inventory comes later', () => {
    const lines = usual({ from: { ip: '192.168.0.1' }, to: { ip: '10.0.0.12' } });
    expect(
      new Learner()
        .read(lines)
        .know(...objects)
        .edges(),
    ).toEqual([]);
  });

  it('a request that the mesh refused at the server’s end taught nothing', () => {
    const of = (name: string): { source: string; owner: { namespace: string; pod: string; container: string } } => ({
      source: name,
      owner: { namespace: 'shop', pod: name, container: 'istio-proxy' },
    });
    const asked = [0, 1].map((n) =>
      outbound({ code: 403, host: '10.0.0.12:9080', upstreamLocal: '10.0.0.11:41000', downstreamRemote: '10.0.0.11:40000', time: T0 + n * HOUR }),
    );
    const refusals = [0, 1].map((n) =>
      inbound({
        code: 403,
        details: 'rbac_access_denied_matched_policy[none]',
        host: '10.0.0.12:9080',
        downstreamLocal: '10.0.0.12:9080',
        downstreamRemote: '10.0.0.11:41000',
        time: T0 + n * HOUR,
      }),
    );
    const learner = new Learner().read([
      ...connection({ from: web, to: books }),
      ...connection({ from: web, to: books, time: T0 + HOUR }),
      ...connection({ from: books, to: cart }),
      ...connection({ from: books, to: cart, time: T0 + HOUR }),
    ]);
    learner.read(asked, envoyAccessLog, of('web-6b746f74dc-9rcxx'));
    expect(learner.edges()).toContain('shop/web -> shop/cart 9080/TCP accepted');
    learner.read(refusals, envoyAccessLog, of('cart-7d9f8b6c5d-x7x2l'));
    expect(learner.edges()).toContain('shop/web -> shop/cart 9080/TCP observed [no-success]');
  });
});

describe('what follows from the whole log', () => {
  it('a refused edge is not learned because nothing else in the log was answered', () => {
    const answers = [0, 1].flatMap((n) => [hubbleLine({ from: web, to: cart, time: T0 + n * HOUR }), hubbleLine({ from: web, to: cart, time: T0 + n * HOUR, reply: true, flags: ['RST'] })]);
    expect(new Learner().read(answers).edges()).toEqual(['shop/web -> shop/cart 8080/TCP observed [no-success]']);
  });

  it('a scan does not depend on how records are cut into batches', () => {
    const log = (name: string, lines: readonly string[]): Log => ({ lines, collector: envoyAccessLog, origin: { source: name, owner: { namespace: 'shop', pod: name, container: 'istio-proxy' } } });
    const ports = [...Array(10).keys()].map((n) => 9000 + n);
    const asked = log('web-6b746f74dc-9rcxx', ports.map((port) => outbound({ code: 403, host: `10.0.0.12:${port}`, upstreamLocal: '10.0.0.11:41000', downstreamRemote: '10.0.0.11:40000' })));
    const listed = [apiPod('web-6b746f74dc-9rcxx', '10.0.0.11'), apiPod('cart-7d9f8b6c5d-x7x2l', '10.0.0.12')];
    const refusals = log('cart-7d9f8b6c5d-x7x2l', ports.map((port) => inbound({ code: 403, details: 'rbac_access_denied_matched_policy[none]', host: `10.0.0.12:${port}`, downstreamLocal: `10.0.0.12:${port}`, downstreamRemote: '10.0.0.11:41000', cluster: `inbound|${port}||` })));
    const one = new Learner().know(...listed).batch([asked, refusals]);
    const two = new Learner().know(...listed).batch([asked]).batch([refusals]);
    expect(two.answer()).toBe(one.answer());
  });

  it('states are the same whether unresolved edges are shown or not (answers)', () => {
    const learner = new Learner().read([...[0, 1].map((n) => hubbleLine({ from: web, to: cart, time: T0 + n * HOUR })), ...connection({ from: { ip: '10.9.9.9' }, to: { ip: '10.9.9.8' } })]);
    const resolved = (all: readonly string[]): readonly string[] => all.filter((text) => !text.includes('unresolved'));
    expect(resolved(learner.edges({ withUnresolved: true }))).toEqual(learner.edges());
  });

  it('a scan falls on all edges of its source without success', () => {
    const closed = (port: number, time: number): readonly string[] => [hubbleLine({ from: web, to: cart, port, time }), hubbleLine({ from: web, to: cart, port, time, reply: true, flags: ['RST'] })];
    const lines = [...[...Array(10).keys()].flatMap((n) => closed(20_000 + n, T0)), ...closed(9999, T0 + 5 * HOUR), ...connection({ from: cart, to: books })];
    expect(new Learner().read(lines).edges().find((text) => text.includes('9999'))).toContain('scan');
  });

  it('holds two pods of one name in two clusters apart', () => {
    const there = pod('shop', 'db-0', '10.9.0.1', { app: 'db' }, { cluster: 'east' });
    const here = pod('shop', 'db-0', '10.0.0.2', { app: 'db' }, { cluster: 'west' });
    expect(new Learner({ cluster: 'west' }).read(connection({ from: there, to: here, port: 7000 })).edges()).toHaveLength(1);
  });
});
