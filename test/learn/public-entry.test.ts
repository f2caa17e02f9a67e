import { describe, expect, it } from 'vitest';
import { EvidenceBuilder } from '../../src/learn/evidence.ts';
import { findPublicEntries, foldPublicClients } from '../../src/learn/public-entry.ts';
import { edgeKey, totals, type EdgeKey } from '../../src/model/edge.ts';
import type { Protocol } from '../../src/model/flow.ts';
import { PUBLIC } from '../../src/model/peer.ts';
import { edge, NODE, OTHERS, outside, tally, witness } from '../support/evidence.ts';
import { Learner } from '../support/graph.ts';
import { connection, hubbleLine, pod, settledTraffic, T0, WORLD } from '../support/hubble.ts';
import { ownerObject, podObject, serviceObject } from '../support/inventory.ts';

const client = (n: number, port = 8080, protocol: Protocol = 'TCP', to = 'shop/web'): EdgeKey => edge(outside(`198.51.100.${n}`), to, port, protocol);
const clients = (n: number, ...rest: readonly [number?, Protocol?, string?]): readonly EdgeKey[] =>
  Array.from({ length: n }, (_, i) => client(i + 1, ...rest));
const entries = (served: readonly EdgeKey[], ...exposed: readonly string[]): readonly string[] =>
  findPublicEntries(served, new Set(exposed)).map(
    ({ destination, port, protocol }) => `${destination.type === 'workload' ? destination.name : ''}:${port}/${protocol}`,
  );

describe('a port is a public entry', () => {
  it.each<[string, readonly EdgeKey[], readonly string[], readonly string[]]>([
    ['if it served 17 outside clients', clients(17), [], ['web:8080/TCP']],
    ['not if it served 16', clients(16), [], []],
    ['if it served one and is behind a LoadBalancer or NodePort', clients(1), ['shop/Deployment/web:8080/TCP'], ['web:8080/TCP']],
    ['not if it is behind one and served nobody', [], ['shop/Deployment/web:8080/TCP'], []],
    ['not by another port', clients(1), ['shop/Deployment/web:8081/TCP'], []],
    ['not by another protocol', clients(1), ['shop/Deployment/web:8080/UDP'], []],
    ['not by another kind of its name', clients(1), ['shop/StatefulSet/web:8080/TCP'], []],
    ['not by clients of different ports', [...clients(9), ...clients(9, 8081)], [], []],
    ['not by clients over different protocols', [...clients(9), ...clients(9, 8080, 'UDP')], [], []],
    ['not by clients of different workloads', [...clients(9), ...clients(9, 8080, 'TCP', 'shop/api')], [], []],
    ['each by itself', [...clients(17), ...clients(17, 8081)], [], ['web:8080/TCP', 'web:8081/TCP']],
    [
      'not by nodes, which many balancers hand clients over as',
      Array.from({ length: 17 }, () => edge(NODE, 'shop/web')),
      ['shop/Deployment/web:8080/TCP'],
      [],
    ],
    ['not if it is outside itself', clients(17).map((of) => ({ ...of, destination: outside('203.0.113.1') })), [], []],
    ['with the addresses over the cap as one', [...clients(15), edge(OTHERS, 'shop/web')], [], []],
  ])('%s', (_, served, exposed, expected) => {
    expect(entries(served, ...exposed)).toEqual(expected);
  });
});

describe('the clients of a public entry', () => {
  const build = (all: readonly EdgeKey[]): Map<string, { readonly edge: EdgeKey; readonly builder: EvidenceBuilder }> =>
    new Map(
      all.map((of, i) => {
        const builder = new EvidenceBuilder();
        builder.addEdge(
          {
            ...of,
            row: i,
            witnesses: [{ witness: witness(), tally: tally({ opened: 2, answered: 1 }) }],
            days: [],
            pods: [],
            addresses: [],
            principals: [],
            operations: [],
            failedSlots: [],
            violations: [],
          },
          false,
        );
        return [edgeKey(of), { edge: of, builder }];
      }),
    );
  const entry = { destination: client(1).destination, protocol: 'TCP', port: 8080 } as const;
  const publicKey = edgeKey({ source: PUBLIC, ...entry });

  it('are one edge, whose connections are those of all, with 16 addresses for a sample', () => {
    const edges = build([...clients(20), client(1, 8081), edge('shop/api', 'shop/web'), edge('shop/web', outside('198.51.100.1'))]);
    foldPublicClients(edges, [entry]);
    expect([...edges.keys()].toSorted()).toEqual(
      [edgeKey(client(1, 8081)), edgeKey(edge('shop/api', 'shop/web')), edgeKey(edge('shop/web', outside('198.51.100.1'))), publicKey].toSorted(),
    );
    const evidence = edges.get(publicKey)!.builder.evidence();
    expect(totals(evidence)).toMatchObject({ opened: 40, answered: 20 });
    expect(evidence.addresses.size).toBe(16);
  });

  it('give the same samples in whatever order they came', () => {
    const samples = (all: readonly EdgeKey[]): readonly string[] => {
      const edges = build(all);
      foldPublicClients(edges, [entry]);
      return [...edges.get(publicKey)!.builder.evidence().addresses];
    };
    expect(samples(clients(30).toReversed())).toEqual(samples(clients(30)));
  });

  it('stay apart where there is no entry', () => {
    const edges = build(clients(20));
    foldPublicClients(edges, []);
    expect(edges.size).toBe(20);
  });
});

describe('in the graph', () => {
  const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
  const from = (n: number, more: object = {}): readonly string[] => connection({ from: WORLD(`198.51.100.${n}`), to: web, ...more });
  const many = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => from(i + 1)).flat();
  const exposed = [
    podObject({ namespace: 'shop', name: 'web-6b746f74dc-9rcxx', ip: '10.0.0.11', labels: { app: 'web' }, owner: ['ReplicaSet', 'web-6b746f74dc'] }),
    ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', { app: 'web' }, { owner: ['Deployment', 'web'] }),
    serviceObject('shop', 'web', '10.96.0.10', { app: 'web' }, [{ port: 443, targetPort: 8080 }], 'LoadBalancer'),
  ];

  it('the seventeenth client makes one edge of them, without a suspicion by address', () => {
    const learner = new Learner().read(many(16));
    expect(learner.edges()).toHaveLength(16);
    expect(learner.edges()[0]).toBe('external 198.51.100.1 -> shop/web 8080/TCP observed [single-sighting]');
    expect(learner.read(from(17)).edges()).toEqual(['public -> shop/web 8080/TCP accepted']);
    expect(learner.graph().edges[0]?.totals.opened).toBe(17);
    expect(learner.graph().publicEntries).toHaveLength(1);
    expect(learner.graph().newPublicEntries).toEqual([]);
  });

  it('the same clients again make none', () => {
    expect(new Learner().read([...many(16), ...many(16)]).edges()).toHaveLength(16);
  });

  it('clients that were refused, denied or never answered make none', () => {
    const refused = [...Array(20).keys()].flatMap((n) => [
      hubbleLine({ from: WORLD(`203.0.113.${n}`), to: web }),
      hubbleLine({ from: WORLD(`203.0.113.${n}`), to: web, reply: true, flags: ['RST'] }),
    ]);
    const denied = [...Array(20).keys()].map((n) =>
      hubbleLine({
        from: WORLD(`192.0.2.${n}`),
        to: web,
        verdict: 'DROPPED',
        extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 } },
      }),
    );
    const learner = new Learner().read([...refused, ...denied, ...from(1)]);
    expect(learner.graph().publicEntries).toEqual([]);
    expect(learner.edges().filter((text) => text.includes('accepted'))).toEqual([]);
  });

  it('one client is enough behind a LoadBalancer, whether the inventory comes first or last', () => {
    for (const learner of [new Learner().know(...exposed).read(from(1)), new Learner().read(from(1)).know(...exposed)]) {
      expect(learner.edges()).toEqual(['public -> shop/web 8080/TCP observed [single-sighting]']);
    }
  });

  it('behind a ClusterIP one client stays who it is', () => {
    const [first, second] = exposed;
    const inside = serviceObject('shop', 'web', '10.96.0.10', { app: 'web' }, [{ port: 443, targetPort: 8080 }]);
    expect(
      new Learner()
        .know(first!, second!, inside)
        .read(settledTraffic({ from: WORLD('198.51.100.1'), to: web }))
        .edges(),
    ).toEqual(['external 198.51.100.1 -> shop/web 8080/TCP accepted']);
  });

  it('what becomes public while it is watched is told of, and its clients’ edges stay as they are', () => {
    const learner = new Learner().read(settledTraffic({ from: WORLD('198.51.100.1'), to: web })).switchTo('watching');
    learner.read([...Array(20).keys()].flatMap((n) => from(n + 2, { time: T0 + 100 * 3_600_000 })));
    const { edges, publicEntries, newPublicEntries } = learner.graph();
    expect(edges).toHaveLength(21);
    expect(edges.every(({ source }) => source.type === 'external')).toBe(true);
    expect(publicEntries).toEqual([]);
    expect(newPublicEntries.map(({ port, protocol }) => `${port}/${protocol}`)).toEqual(['8080/TCP']);
  });

  it('is for ingress only: a workload that calls many addresses keeps an edge to each', () => {
    const calls = [...Array(20).keys()].flatMap((n) => connection({ from: web, to: WORLD(`198.51.100.${n}`), port: 443 }));
    expect(new Learner().read(calls).edges()).toHaveLength(20);
  });
});
