import { describe, expect, it } from 'vitest';
import { propose } from '../../../src/policy/propose/propose.ts';
import { pod, type HubbleFlow } from '../../support/hubble.ts';
import { deployed, learned, proposed, type Deployed } from '../../support/proposals.ts';
import { ruleLines, widen } from '../../support/widening.ts';

const db = deployed('data/db', '10.0.1.1');
const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const blog = deployed('shop/blog', '10.0.0.3');
const pay = deployed('shop/pay', '10.0.0.4');
const EVERYBODY = [db, web, cart, blog, pay].flatMap(({ objects }) => objects);
const from = (...clients: readonly Deployed[]): readonly HubbleFlow[] => clients.map(({ end }) => ({ from: end, to: db.end, port: 8443 }));
const linesOf = (flows: readonly HubbleFlow[], widenNamespaces: number, path = 'data/db', objects = EVERYBODY): readonly string[] => ruleLines(learned(flows, objects).graph(), path, { widenNamespaces });

describe('a whole namespace instead of its workloads', () => {
  it('is named where so many of them use a port, and says how many it opens it to', () => {
    expect(linesOf(from(web, cart, blog), 3)).toEqual(['in shop/* at 8443/TCP', '  whole-namespace: 8443/TCP from shop: 1 workload beyond the 3 seen']);
    expect(linesOf(from(web, cart, blog), 4)).toEqual(['in shop/blog | shop/cart | shop/web at 8443/TCP']);
  });

  it('is a widening also where all were seen: there will be others', () => {
    expect(linesOf(from(web, cart, blog, pay), 4)).toEqual(['in shop/* at 8443/TCP', '  whole-namespace: 8443/TCP from shop: 0 workloads beyond the 4 seen']);
  });

  it('is named at that port alone, and only it', () => {
    const backup = deployed('data/backup', '10.0.1.2');
    const flows = [...from(web, cart, backup), { from: web.end, to: db.end, port: 9187 }];
    expect(linesOf(flows, 2, 'data/db', [...EVERYBODY, ...backup.objects])).toEqual([
      'in shop/web at 9187/TCP',
      'in data/backup | shop/* at 8443/TCP',
      '  whole-namespace: 8443/TCP from shop: 2 workloads beyond the 2 seen',
    ]);
  });

  it('is named on the way out, too', () => {
    const flows = [cart, blog].map(({ end }): HubbleFlow => ({ from: db.end, to: end, port: 8080 }));
    expect(linesOf(flows, 2)).toEqual(['out shop/* at 8080/TCP', '  whole-namespace: 8080/TCP to shop: 2 workloads beyond the 2 seen']);
  });

  it('counts the workload itself, whose pods may reach each other then', () => {
    const flows = [web, blog].map(({ end }): HubbleFlow => ({ from: end, to: cart.end, port: 8080 }));
    expect(linesOf(flows, 2, 'shop/cart')).toEqual(['in shop/* at 8080/TCP', '  whole-namespace: 8080/TCP from shop: 2 workloads beyond the 2 seen']);
  });

  it('opens nothing to who is on the host’s network, and nobody is counted who is gone', () => {
    const agent = deployed('shop/agent', '192.168.0.1', { pod: { hostNetwork: true } });
    const learner = learned(from(web, cart), [...EVERYBODY, ...agent.objects]);
    expect(ruleLines(learner.graph(), 'data/db', { widenNamespaces: 2 })[1]).toBe('  whole-namespace: 8443/TCP from shop: 2 workloads beyond the 2 seen');
  });

  it('is never named unless a person asks for it', () => {
    const graph = learned(from(web, cart, blog, pay), EVERYBODY).graph();
    expect(proposed(graph).join('\n')).not.toContain('shop/ ');
    expect(proposed(graph, widen({}))).toEqual(proposed(graph));
  });

  it('is no excess beside its widening: the proof counts what is stated once', () => {
    const graph = learned(from(web, cart, blog), EVERYBODY).graph();
    const { proof } = propose(graph, { ...widen({ widenNamespaces: 3 }), wants: ({ name }) => name === 'db' }).proposals[0]!;
    expect(proof).toMatchObject({ acceptedEdges: 3, excessCount: 1, excess: ['whole-namespace: 8443/TCP from shop: 1 workload beyond the 3 seen'] });
  });

  it('keeps the other widenings of those that it stands for', () => {
    const dns = pod('kube-system', 'coredns-0', '10.0.2.53', { 'k8s-app': 'kube-dns' });
    const flows = [web, cart].map(({ end }): HubbleFlow => ({ from: end, to: dns, port: 53, protocol: 'UDP' }));
    expect(linesOf(flows, 2, 'kube-system/coredns')).toEqual([
      'in shop/* at 53/TCP 53/UDP',
      '  dns-protocol: TCP 53',
      '  whole-namespace: 53/TCP from shop: 4 workloads beyond the 0 seen',
      '  whole-namespace: 53/UDP from shop: 2 workloads beyond the 2 seen',
    ]);
  });
});
