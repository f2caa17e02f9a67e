import { describe, expect, it } from 'vitest';
import type { Directory } from '../../src/resolve/directory.ts';
import { locate, type Question } from '../../src/resolve/locate.ts';
import { NO_SIGHTINGS, type Sightings } from '../../src/resolve/sightings.ts';
import { directoryOf, life, sightings, told } from '../support/directory.ts';
import { nodeObject, podObject, serviceObject } from '../support/inventory.ts';

const T = Date.UTC(2026, 2, 2);
const WEB = { app: 'web' };
const cluster = directoryOf([
  nodeObject('node-a', '192.168.0.1', '10.244.0.0/24', new Date(T).toISOString()),
  podObject({
    namespace: 'shop',
    name: 'web-6b746f74dc-9rcxx',
    ip: '10.244.0.11',
    hostIP: '192.168.0.1',
    labels: WEB,
    owner: ['ReplicaSet', 'web-6b746f74dc'],
    start: '2026-03-01T00:00:00Z',
  }),
  serviceObject('shop', 'web', '10.96.0.10', WEB, [{ port: 80, targetPort: 8080 }]),
  serviceObject('default', 'kubernetes', '10.96.0.1', null, [{ port: 443, targetPort: 6443 }]),
  {
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default' },
    subsets: [{ addresses: [{ ip: '192.168.0.1' }, { ip: '192.168.0.9' }], ports: [{ port: 6443 }] }],
  },
]);
const nothing = directoryOf();

function found(address: string, more: Partial<Question> & { readonly directory?: Directory; readonly known?: Sightings | null } = {}): string {
  const { directory = cluster, known = NO_SIGHTINGS, ...rest } = more;
  const { peer, port, skip } = locate({ address, first: T, last: T, statedOutside: false, server: null, ...rest }, directory, known);
  if (skip !== null) return `skip ${skip}`;
  return `${told(peer)}${port === null ? '' : ` ${port}`}`;
}

const server = (port: number): Pick<Question, 'server'> => ({ server: { port, protocol: 'TCP' } });

describe('at an address is', () => {
  it.each([
    ['a pod', '10.244.0.11', {}, 'Deployment shop/web'],
    ['nobody yet, within the pods’ range', '10.244.0.99', {}, 'nobody'],
    ['nobody yet, though the record says outside', '10.244.0.99', { statedOutside: true }, 'nobody'],
    ['the API server, on a machine that is no known node', '192.168.0.9', {}, 'apiserver'],
    ['a node that runs the API server, at another port', '192.168.0.1', server(10_250), 'node'],
    ['the API server, at its port', '192.168.0.1', server(6443), 'apiserver'],
    ['a node that runs the API server, when it connects', '192.168.0.1', {}, 'node'],
    ['what stands behind a Service', '10.96.0.10', server(80), 'Deployment shop/web 8080'],
    ['nobody, at a port that the Service does not have', '10.96.0.10', server(81), 'nobody'],
    ['nobody, for a Service does not connect', '10.96.0.10', {}, 'nobody'],
    ['the API server, behind its Service, at its own port', '10.96.0.1', server(443), 'apiserver 6443'],
    ['the outside', '198.51.100.7', {}, 'external 198.51.100.7'],
    ['the outside, if private and in none of the cluster’s ranges', '172.16.0.1', {}, 'external 172.16.0.1'],
    ['the metadata service, which is outside', '169.254.169.254', server(80), 'external 169.254.169.254'],
    ['its own loopback', '127.0.0.6', {}, 'skip self'],
    ['its own loopback in IPv6', '::1', {}, 'skip self'],
    ['a group of hosts', '224.0.0.251', server(5353), 'skip not-a-connection'],
    ['everybody', '255.255.255.255', {}, 'skip not-a-connection'],
    ['nobody at all', '0.0.0.0', {}, 'skip not-a-connection'],
    ['kubelet’s probe in ambient mode', '169.254.7.127', {}, 'skip local-node'],
    ['kubelet’s probe in ambient mode, IPv6', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff', {}, 'skip local-node'],
    ['nothing that is no address', '', {}, 'nobody'],
  ])('%s: %s %j, %s', (_, address, more, expected) => {
    expect(found(address, more)).toBe(expected);
  });
});

describe('while the cluster is not known', () => {
  it.each([
    ['a private address may be anybody', '10.0.0.5', {}, 'nobody'],
    ['a private address is outside if the record says so', '10.0.0.5', { statedOutside: true }, 'external 10.0.0.5'],
    ['an address of the carriers’ range may be a pod', '100.64.0.5', {}, 'nobody'],
    ['a unique local address may be anybody', 'fd00::5', {}, 'nobody'],
    ['a global address is outside', '198.51.100.7', {}, 'external 198.51.100.7'],
    ['a pod is who records showed it to be', '10.0.0.7', {}, 'Deployment shop/cart'],
  ])('%s', (_, address, more, expected) => {
    expect(found(address, { directory: nothing, known: sightings(life('10.0.0.7', 'shop/cart-1', T - 1000, T + 1000)), ...more })).toBe(expected);
  });
});

describe('the answer', () => {
  it('names the pod and every address of its node, from where probes come', () => {
    const { pod, hostAddresses } = locate({ address: '10.244.0.11', first: T, last: T, statedOutside: false, server: null }, cluster, null);
    expect(pod).toBe('shop/web-6b746f74dc-9rcxx');
    expect([...new Set(hostAddresses)].toSorted()).toEqual(['10.244.0.0', '10.244.0.1', '192.168.0.1']);
  });

  it('holds for the life of a pod, and for ever where nothing depends on time', () => {
    const of = (address: string): readonly number[] => {
      const { from, until } = locate({ address, first: T, last: T, statedOutside: false, server: null }, cluster, null);
      return [from, until];
    };
    expect(of('10.244.0.11')).toEqual([Date.UTC(2026, 2, 1), T]);
    expect(of('198.51.100.7')).toEqual([-Infinity, Infinity]);
    expect(of('192.168.0.1')).toEqual([-Infinity, Infinity]);
  });
});
