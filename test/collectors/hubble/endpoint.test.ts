import { describe, expect, it } from 'vitest';
import { hubble } from '../../../collectors/hubble/index.ts';
import type { Endpoint } from '../../../src/model/flow.ts';
import { decode } from '../../support/decode.ts';
import { hubbleLine, pod, type HubbleEnd, type HubbleFlow } from '../../support/hubble.ts';

const web = pod('shop', 'web-1', '10.0.0.1');
const line = (to: HubbleEnd, more: Partial<HubbleFlow> = {}): string => hubbleLine({ from: web, to, port: 8080, ...more });
/** The end as the record's destination, with fields set in its JSON at last. */
function endOf(to: HubbleEnd, fields: Readonly<Record<string, unknown>> = {}, more: Partial<HubbleFlow> = {}): Endpoint | undefined {
  const record = JSON.parse(line(to, more)) as { readonly flow: { readonly destination: object } };
  Object.assign(record.flow.destination, fields);
  return decode(hubble, [JSON.stringify(record)]).flows[0]?.destination;
}
const told = (to: HubbleEnd, fields: Readonly<Record<string, unknown>> = {}): string => {
  const record = JSON.parse(line(to)) as { readonly flow: { readonly destination: object } };
  Object.assign(record.flow.destination, fields);
  return decode(hubble, [JSON.stringify(record)]).records[0] ?? '';
};

const POD: HubbleEnd = { ip: '10.0.0.2', pod: 'cart-0', namespace: 'shop' };

describe('Hubble: names', () => {
  it('keeps what the record says of a pod', () => {
    const end = endOf({ ...POD, workload: ['StatefulSet', 'cart'], cluster: 'east', labels: ['k8s:app=cart', 'k8s:io.cilium.k8s.policy.serviceaccount=cart-sa'] });
    expect(end).toMatchObject({ address: '10.0.0.2', cluster: 'east', namespace: 'shop', pod: 'cart-0', workload: { kind: 'StatefulSet', name: 'cart' }, serviceAccount: 'cart-sa', reserved: null, names: [] });
    expect([...(end?.labels ?? [])]).toEqual([['app', 'cart']]);
  });

  it('the cluster that nobody named is no name', () => {
    expect(endOf({ ...POD, cluster: 'default' })?.cluster).toBe('');
    expect(endOf(POD)?.cluster).toBe('');
  });

  it.each([
    ['pod_name', ['', null, undefined, 7], null],
    ['namespace', ['', null, undefined, 7], null],
    ['cluster_name', ['', null, undefined, 7], ''],
  ])('an empty %s is an absent one', (field, values, absent) => {
    const key = field === 'pod_name' ? 'pod' : field === 'cluster_name' ? 'cluster' : 'namespace';
    for (const value of values) expect(endOf({ ip: '10.0.0.2' }, { [field]: value })?.[key]).toBe(absent);
  });

  it.each([
    ['pod_name', ['Cart', 'cart_0', 'cart-', '-cart', 'a'.repeat(254), 'cart/0', 'ca rt', 'cart\n', '\u0441art', '..', 'cart..0']],
    ['namespace', ['Shop', 'sh.op', 'a'.repeat(64), '../shop', 'shop ', '*']],
    ['cluster_name', ['../x', 'a b', '\u001b[31m', '-east', 'x'.repeat(254)]],
  ])('a %s that no object can have is bad input', (field, values) => {
    for (const value of values) expect(told(POD, { [field]: value })).toBe('skip bad-name');
  });

  it.each([
    ['pod_name', ['cart-0', 'a', '0', 'node.example.com', 'a'.repeat(63), `${'a'.repeat(63)}.${'b'.repeat(63)}`]],
    ['namespace', ['shop', '0', 'kube-system', 'a'.repeat(63)]],
    ['cluster_name', ['east', 'East_1.x', 'kind-kind']],
  ])('a %s that an object can have', (field, values) => {
    for (const value of values) expect(told(POD, { [field]: value })).not.toContain('skip');
  });

  it.each([
    ['a kind with a space', [{ kind: 'Deploy ment', name: 'cart' }], 'skip bad-name'],
    ['a name with capitals', [{ kind: 'Deployment', name: 'Cart' }], 'skip bad-name'],
    ['no kind', [{ name: 'cart' }], 'shop/cart-0@10.0.0.2'],
    ['none', [], 'shop/cart-0@10.0.0.2'],
    ['no list', { kind: 'Deployment', name: 'cart' }, 'shop/cart-0@10.0.0.2'],
    ['several: the first', [{ kind: 'ReplicaSet', name: 'cart' }, { kind: 'Bad Kind', name: 'x' }], 'shop/cart-0@10.0.0.2'],
  ])('workloads: %s', (_, workloads, expected) => {
    expect(told(POD, { workloads })).toContain(expected);
  });

  it('the namespace of an end behind a proxy is in its labels, and is checked as well', () => {
    const behind = (namespace: string): HubbleEnd => ({ ip: '10.244.0.148', labels: [`k8s:io.kubernetes.pod.namespace=${namespace}`, 'k8s:app=cart', 'k8s:io.cilium.k8s.policy.serviceaccount=cart-sa'] });
    expect(endOf(behind('shop'))).toMatchObject({ namespace: 'shop', pod: null, serviceAccount: 'cart-sa' });
    expect(told(behind('../x'))).toBe('skip bad-name');
  });

  it('the namespace beside the pod counts before its labels', () => {
    expect(endOf({ ...POD, labels: ['k8s:io.kubernetes.pod.namespace=other'] })?.namespace).toBe('shop');
  });

  it('an account that cannot be is none', () => {
    expect(endOf({ ...POD, labels: ['k8s:io.cilium.k8s.policy.serviceaccount=../x'] })?.serviceAccount).toBeNull();
  });
});

describe('Hubble: labels', () => {
  it.each([
    ['sorted', ['k8s:b=2', 'k8s:a=1'], [['a', '1'], ['b', '2']]],
    ['empty values', ['k8s:a=', 'k8s:b'], [['a', ''], ['b', '']]],
    ['values with an equals sign are none', ['k8s:a=b=c'], []],
    ['prefixes', ['k8s:app.kubernetes.io/name=cart'], [['app.kubernetes.io/name', 'cart']]],
    ['of the namespace, the cluster and the account', ['k8s:io.cilium.k8s.namespace.labels.team=a', 'k8s:io.cilium.k8s.policy.cluster=east', 'k8s:io.cilium.k8s.policy.serviceaccount=x', 'k8s:io.kubernetes.pod.namespace=shop'], []],
    ['of other sources', ['reserved:init', 'any:a=b', 'container:a=b', 'gen:x=y', 'cidr:10.0.0.0/8'], []],
    ['that no object can have', [`k8s:${'a'.repeat(64)}=1`, `k8s:a=${'b'.repeat(64)}`, 'k8s:a b=1', 'k8s:a=b c', 'k8s:=1', 'k8s:/a=1', 'k8s:a=\u0000'], []],
    ['that are no texts', [7, null, { a: 1 }], []],
  ])('%s', (_, labels, expected) => {
    expect([...(endOf(POD, { labels })?.labels ?? [])]).toEqual(expected);
  });

  it('a list that is none', () => {
    for (const labels of ['k8s:a=b', { a: 1 }, null, 7]) expect(endOf(POD, { labels })?.labels).toBeNull();
  });
});

describe('Hubble: identities', () => {
  it.each([
    [['reserved:kube-apiserver'], 'kube-apiserver'],
    [['reserved:host'], 'host'],
    [['reserved:remote-node'], 'remote-node'],
    [['reserved:ingress'], 'ingress'],
    [['reserved:world'], 'world'],
    [['reserved:world-ipv4'], 'world'],
    [['reserved:world-ipv6'], 'world'],
    [['cidr:198.51.100.0/24'], 'world'],
    [['fqdn:*.example.com'], 'world'],
    [['reserved:world', 'reserved:kube-apiserver'], 'kube-apiserver'],
    [['reserved:remote-node', 'reserved:kube-apiserver', 'reserved:host'], 'kube-apiserver'],
    [['reserved:remote-node', 'reserved:host'], 'host'],
    [['reserved:ingress', 'reserved:remote-node'], 'remote-node'],
    [['reserved:world', 'reserved:ingress'], 'ingress'],
    [['reserved:unmanaged'], null],
    [['k8s:reserved:host=x', 'k8s:a=reserved:host'], null],
  ])('%j is %s', (labels, reserved) => {
    expect(endOf({ ip: '198.51.100.7', labels })?.reserved).toBe(reserved);
  });

  it.each([
    [1, 'host'],
    [2, 'world'],
    [6, 'remote-node'],
    [7, 'kube-apiserver'],
    [8, 'ingress'],
    [9, 'world'],
    [10, 'world'],
    [3, null],
    [5, null],
    [256, null],
    [65_535, null],
    [255 * 65_536 + 256, null],
    [1 << 24, 'world'],
    [(2 << 24) - 1, 'world'],
  ])('the number %d, where a mask took the labels, is %s', (identity, reserved) => {
    expect(endOf({ ip: '198.51.100.7' }, { identity })?.reserved).toBe(reserved);
  });

  it('a number says nothing against labels, and labels nothing against a pod', () => {
    expect(endOf({ ip: '10.0.0.2', labels: ['k8s:app=cart'], identity: 2 })?.reserved).toBeNull();
    expect(endOf({ ...POD, labels: ['reserved:world'], identity: 2 })?.reserved).toBeNull();
    expect(endOf({ ip: '10.0.0.2', namespace: 'shop', workload: ['Deployment', 'cart'], labels: ['reserved:host'] })?.reserved).toBeNull();
  });

  it('health checks are known by number too', () => {
    expect(told({ ip: '10.0.9.8', identity: 4 })).toBe('skip health');
  });
});

describe('Hubble: addresses and DNS names', () => {
  it.each([
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:10.0.0.9', '10.0.0.9'],
    ['10.0.0.9', '10.0.0.9'],
    ['', null],
  ])('%j is %s', (ip, address) => {
    expect(endOf({ ...POD, ip })?.address).toBe(address);
  });

  it.each(['10.0.0', '010.0.0.2', '0x0a000002', '10.0.0.2/32', '10.0.0.2:80', 'fe80::1%eth0', ' 10.0.0.2', 'cart'])('%j is no address', (ip) => {
    expect(told({ ...POD, ip })).toBe('skip malformed');
  });

  const names = (given: unknown): readonly string[] | undefined => endOf({ ip: '198.51.100.7', labels: ['reserved:world'] }, {}, { names: given as string[] })?.names;

  it.each([
    ['one', ['api.example.com'], ['api.example.com']],
    ['several, sorted and once each', ['b.example.com', 'A.example.com.', 'a.example.com', 'b.example.com'], ['a.example.com', 'b.example.com']],
    ['what is no name', ['api.example.com', '*.example.com', 'a b', '', 'x'.repeat(254), 'exa\nmple.com', '_dmarc.example.com'], ['api.example.com']],
    ['what is no text', [7, null, ['a.example.com']], []],
    ['no list', 'api.example.com', []],
  ])('names: %s', (_, given, expected) => {
    expect(names(given)).toEqual(expected);
  });

  it('at most a few names for one address', () => {
    const many = Array.from({ length: 100 }, (_, i) => `host-${String(i).padStart(3, '0')}.example.com`);
    expect(names(many)?.length).toBeLessThanOrEqual(8);
    // Which of them does not depend on their order.
    expect(names(many.toReversed())).toEqual(names(many));
  });

  it('the names of an answer belong to its sender', () => {
    const { flows } = decode(hubble, [line({ ip: '198.51.100.7', labels: ['reserved:world'] }, { reply: true, names: ['api.example.com'] })]);
    expect(flows[0]?.destination).toMatchObject({ address: '198.51.100.7', names: ['api.example.com'] });
    expect(flows[0]?.source.names).toEqual([]);
  });

  it('one address under another name is another end', () => {
    const record = (name: string): string => line({ ip: '198.51.100.7', labels: ['reserved:world'] }, { names: [name] });
    const { flows } = decode(hubble, [record('a.example.com'), record('b.example.com'), record('a.example.com')]);
    expect(flows.map(({ destination }) => destination.names)).toEqual([['a.example.com'], ['b.example.com'], ['a.example.com']]);
    expect(flows[2]?.destination).toBe(flows[0]?.destination);
  });

  it('ends that differ in one letter are not mixed up, wherever they stand', () => {
    const pods = Array.from({ length: 50 }, (_, i) => pod('shop', `cart-${i}`, `10.0.1.${i}`));
    const records = pods.flatMap((to) => [line(to), line(to, { reply: true })]);
    const { flows } = decode(hubble, records);
    expect(flows.map(({ destination }) => `${destination.pod}@${destination.address}`)).toEqual(pods.flatMap((_, i) => Array(2).fill(`cart-${i}@10.0.1.${i}`)));
  });
});
