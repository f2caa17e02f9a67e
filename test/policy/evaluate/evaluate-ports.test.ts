import { describe, expect, it } from 'vitest';
import type { ContainerPort } from '../../../src/model/inventory.ts';
import type { NetworkPolicy, PolicyPort } from '../../../src/model/policy.ts';
import type { PolicyProtocol } from '../../../src/policy/evaluate/evaluate.ts';
import { addressEnd, ask, ingressOnly, networkPolicy, podEnd } from '../../support/policy.ts';

const containerPort = (name: string | null, port: number, protocol: PolicyProtocol = 'TCP'): ContainerPort => ({ name, port, protocol });
const web = podEnd('shop/web');
const cart = podEnd('shop/cart', {}, { ports: [containerPort('http', 8080), containerPort('dns', 53, 'UDP'), containerPort(null, 9090)] });

/** Which of these an ingress rule with such ports opens. */
function opened(ports: readonly PolicyPort[] | undefined, asked: readonly string[]): readonly string[] {
  const policies = [ingressOnly([ports === undefined ? {} : { ports }])];
  return asked.filter((text) => {
    const [port = '', protocol = 'TCP'] = text.split('/');
    return ask(policies, { from: web, to: cart, port: Number(port), protocol: protocol as PolicyProtocol }).allowed;
  });
}

describe('the ports of a rule', () => {
  const EVERY = ['1/TCP', '8080/TCP', '65535/TCP', '8080/UDP', '8080/SCTP'];
  it.each<[string, readonly PolicyPort[] | undefined, readonly string[]]>([
    ['none at all: every port of every protocol', undefined, EVERY],
    ['an empty list: the same', [], EVERY],
    ['an empty element: all of TCP', [{}], ['1/TCP', '8080/TCP', '65535/TCP']],
    ['a protocol alone: all its ports', [{ protocol: 'UDP' }], ['8080/UDP']],
    ['a port alone: TCP', [{ port: 8080 }], ['8080/TCP']],
    ['a port and a protocol', [{ port: 8080, protocol: 'SCTP' }], ['8080/SCTP']],
    ['several elements: any of them', [{ port: 1 }, { protocol: 'UDP', port: 8080 }], ['1/TCP', '8080/UDP']],
    ['protocols and ports of several elements do not mix', [{ port: 1 }, { protocol: 'UDP', port: 65_535 }], ['1/TCP']],
  ])('%s', (_, ports, expected) => {
    expect(opened(ports, EVERY)).toEqual(expected);
  });

  it.each<[string, PolicyPort, readonly string[]]>([
    ['includes both of its ends', { port: 8000, endPort: 8002 }, ['8000/TCP', '8001/TCP', '8002/TCP']],
    ['may be of one port', { port: 8001, endPort: 8001 }, ['8001/TCP']],
    ['keeps to its protocol', { port: 8000, endPort: 8002, protocol: 'UDP' }, ['8001/UDP']],
    ['may reach to the last port', { port: 8002, endPort: 65_535 }, ['8002/TCP', '8003/TCP', '65535/TCP']],
  ])('a range of ports %s', (_, range, expected) => {
    expect(opened([range], ['7999/TCP', '8000/TCP', '8001/TCP', '8002/TCP', '8003/TCP', '65535/TCP', '8001/UDP'])).toEqual(expected);
  });

  it('a policy that speaks of one protocol closes the others', () => {
    for (const protocol of ['UDP', 'SCTP'] as const) {
      expect(ask([ingressOnly([{ ports: [{ protocol }] }])], { from: web, to: cart, protocol: 'TCP' }).allowed).toBe(false);
      expect(ask([ingressOnly([{ ports: [{ protocol }] }])], { from: web, to: cart, protocol }).allowed).toBe(true);
    }
  });
});

describe('a port by its name', () => {
  it.each<[string, PolicyPort, readonly string[]]>([
    ['is what the pod calls so', { port: 'http' }, ['8080/TCP']],
    ['is looked up for its protocol', { port: 'dns' }, []],
    ['and found for the right one', { port: 'dns', protocol: 'UDP' }, ['53/UDP']],
    ['that no container has opens nothing', { port: 'metrics' }, []],
  ])('%s', (_, port, expected) => {
    expect(opened([port], ['8080/TCP', '8080/UDP', '53/TCP', '53/UDP', '9090/TCP'])).toEqual(expected);
  });

  const toHttp: NetworkPolicy = networkPolicy({
    podSelector: { matchLabels: { app: 'client' } },
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 'http' }] }],
  });
  const client = podEnd('shop/client', { app: 'client' }, { ports: [containerPort('http', 1234)] });

  it('means a number of its own on each destination', () => {
    const old = podEnd('shop/old', {}, { ports: [containerPort('http', 80)] });
    const fresh = podEnd('bank/fresh', {}, { ports: [containerPort('http', 8080)] });
    const numbers = (to: typeof old): readonly number[] => [80, 8080, 1234].filter((port) => ask([toHttp], { from: client, to, port }).allowed);
    expect(numbers(old)).toEqual([80]);
    expect(numbers(fresh)).toEqual([8080]);
  });

  it('is the destination’s, never the source’s, in either direction', () => {
    const server = podEnd('shop/server', { app: 'server' }, { ports: [containerPort('http', 8080)] });
    expect(ask([toHttp], { from: client, to: server, port: 1234 }).allowed).toBe(false);
    const fromAnybody = networkPolicy({ podSelector: { matchLabels: { app: 'server' } }, ingress: [{ ports: [{ port: 'http' }] }] });
    expect(ask([fromAnybody], { from: client, to: server, port: 1234 }).allowed).toBe(false);
    expect(ask([fromAnybody], { from: client, to: server, port: 8080 }).allowed).toBe(true);
  });

  it('never matches an address outside', () => {
    expect([80, 1234, 8080].some((port) => ask([toHttp], { from: client, to: addressEnd('198.51.100.7'), port }).allowed)).toBe(false);
  });

  it('matches all ports that several containers call so', () => {
    const twice = podEnd('shop/twice', {}, { ports: [containerPort('http', 80), containerPort('http', 81)] });
    expect([80, 81, 82].filter((port) => ask([toHttp], { from: client, to: twice, port }).allowed)).toEqual([80, 81]);
  });
});
