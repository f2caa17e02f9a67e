import { describe, expect, it } from 'vitest';
import { Learner } from '../support/graph.ts';
import { connection, hubbleLine, pod, settledTraffic, T0, WORLD, type HubbleEnd, type HubbleFlow } from '../support/hubble.ts';
import { nodeObject, podObject } from '../support/inventory.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.12', { app: 'cart' });
const books = pod('pay', 'books-0', '10.0.0.13', { app: 'books' });
const node = (ip: string): HubbleEnd => ({ ip, labels: ['reserved:remote-node'] });
const EDGE = 'shop/web -> shop/cart 8080/TCP';

/** Some connections within one hour: enough to be no single sighting. */
const usual = (flow: HubbleFlow): readonly string[] =>
  [0, 1, 2].flatMap((n) => connection({ ...flow, time: (typeof flow.time === 'number' ? flow.time : T0) + n * 1000, clientPort: 40_000 + n }));
const refused = (flow: HubbleFlow): readonly string[] => [hubbleLine(flow), hubbleLine({ ...flow, reply: true, flags: ['RST'] })];

describe('suspicions by what else is there', () => {
  const flagsOf = (learner: Learner, part: string): string => learner.edges().find((text) => text.includes(part)) ?? 'none';

  it('a data store of another namespace is foreign until the namespaces talk with success by another port', () => {
    const learner = new Learner().read(settledTraffic({ from: web, to: books, port: 5432 }));
    expect(flagsOf(learner, '5432')).toBe('shop/web -> pay/books 5432/TCP observed [foreign-data-store]');
    learner.read(refused({ from: web, to: books, port: 8080 }));
    expect(flagsOf(learner, '5432')).toContain('foreign-data-store');
    learner.read(connection({ from: cart, to: pod('pay', 'ledger-0', '10.0.0.14'), port: 8080 }));
    expect(flagsOf(learner, '5432')).toBe('shop/web -> pay/books 5432/TCP accepted');
  });

  it('kubelet is reached on every known node, or suspicious', () => {
    const scrape = (ip: string): readonly string[] => settledTraffic({ from: web, to: node(ip), port: 10_250 });
    const objects = ['1', '2'].map((n) => nodeObject(`node-${n}`, `192.168.0.${n}`));
    const known = new Learner().know(...objects).read(scrape('192.168.0.1'));
    expect(flagsOf(known, '10250')).toContain('observed [kubelet]');
    expect(flagsOf(known.read(scrape('192.168.0.2')), '10250')).toBe('shop/web -> node 10250/TCP accepted');
    expect(flagsOf(known.know(...objects, nodeObject('node-3', '192.168.0.3')), '10250')).toContain('observed [kubelet]');
  });

  it('without an inventory the known nodes are those that were seen', () => {
    const scrape = (ip: string): readonly string[] => settledTraffic({ from: web, to: node(ip), port: 10_250 });
    const learner = new Learner().read(scrape('192.168.0.1'));
    expect(flagsOf(learner, '10250')).toContain('observed [kubelet]'); // one node is no proof
    expect(flagsOf(learner.read(scrape('192.168.0.2')), '10250')).toBe('shop/web -> node 10250/TCP accepted');
    learner.read(usual({ from: node('192.168.0.3'), to: cart }));
    expect(flagsOf(learner, '10250')).toContain('observed [kubelet]');
  });

  it('the metadata service is reached from every known node, or suspicious', () => {
    const agents = ['x7k2p', '9rcxx'].map((end, i) => pod('kube-system', `agent-${end}`, `10.0.0.2${i}`));
    const objects = [
      nodeObject('node-0', '192.168.0.1'),
      nodeObject('node-1', '192.168.0.2'),
      ...agents.map(({ pod: name }, i) => podObject({ namespace: 'kube-system', name: name!, node: `node-${i}`, owner: ['DaemonSet', 'agent'] })),
    ];
    const ask = (from: HubbleEnd): readonly string[] => settledTraffic({ from, to: WORLD('169.254.169.254'), port: 80 });
    const learner = new Learner().know(...objects).read(ask(agents[0]!));
    expect(flagsOf(learner, '169.254')).toBe('kube-system/agent -> external 169.254.169.254 80/TCP observed [metadata]');
    expect(flagsOf(learner.read(ask(agents[1]!)), '169.254')).toContain('accepted');
  });

  it('one pod of a Deployment does what two other busy ones do not', () => {
    const pods = ['aaaaa', 'bbbbb', 'ccccc'].map((_, i) => pod('shop', `web-6b746f74dc-${['9rcxx', 'x7x2l', 'zzzzz'][i]}`, `10.0.0.2${i}`));
    const twenty = (from: HubbleEnd, to: HubbleEnd, port: number, start = T0): readonly string[] =>
      [...Array(20).keys()].flatMap((n) => connection({ from, to, port, clientPort: 40_000 + n, time: start + n * 1000 }));
    const learner = new Learner().read([...pods.flatMap((from) => twenty(from, cart, 8080)), ...twenty(pods[0]!, books, 9999)]);
    expect(flagsOf(learner, '9999')).toBe('shop/web -> pay/books 9999/TCP observed [one-pod]');
    expect(flagsOf(learner, '8080')).toBe(`${EDGE} accepted`);
    const apart = new Learner().read([
      ...twenty(pods[0]!, cart, 8080),
      ...pods.slice(1).flatMap((from) => twenty(from, cart, 8080, T0 + 5 * HOUR)),
      ...twenty(pods[0]!, books, 9999),
    ]);
    expect(flagsOf(apart, '9999')).toBe('shop/web -> pay/books 9999/TCP accepted');
    expect(flagsOf(learner.read(twenty(pods[1]!, books, 9999).slice(0, 2)), '9999')).toBe('shop/web -> pay/books 9999/TCP accepted');
  });
});

describe('a scan', () => {
  const probe = (n: number, first = 20_000): readonly string[] =>
    [...Array(n).keys()].flatMap((i) => refused({ from: web, to: cart, port: first + i, time: T0 + i * 1000 }));
  it('is flagged on what it tried, and not on what it found', () => {
    const learner = new Learner().read([...probe(10), ...usual({ from: web, to: cart })]);
    expect(learner.graph().scans).toHaveLength(1);
    const texts = learner.edges();
    expect(texts.filter((text) => text.includes('scan'))).toHaveLength(10);
    expect(texts).toContain(`${EDGE} accepted`);
  });

  it('is none by nine ports, nor by ten in two slots', () => {
    expect(new Learner().read(probe(9)).graph().scans).toEqual([]);
    const later = [...Array(5).keys()].flatMap((i) => refused({ from: web, to: cart, port: 30_000 + i, time: T0 + 10 * MINUTE }));
    expect(new Learner().read([...probe(5), ...later]).graph().scans).toEqual([]);
  });

  it('may be of addresses that nobody is known to own, from somebody known', () => {
    const sweep = [...Array(12).keys()].map((i) => hubbleLine({ from: web, to: { ip: `10.0.9.${i}` }, port: 22 }));
    const { scans, edges } = new Learner().read([...sweep, ...usual({ from: cart, to: books })]).graph();
    expect(scans.map(({ destinations }) => destinations)).toEqual([12]);
    expect(edges.filter(({ state }) => state !== 'observed').map(({ source }) => source)).toMatchObject([{ name: 'cart' }]);
  });

  it('stays one by ports that are folded into one edge', () => {
    const learner = new Learner({ limits: { portsPerPair: 12 } }).read([...probe(40), ...usual({ from: cart, to: books })]);
    expect(learner.graph().scans).toHaveLength(1);
    expect(learner.edges()).toHaveLength(14);
    expect(learner.edges().filter((text) => text.includes('many-ports'))).toHaveLength(1);
  });
});

describe('a data store’s port', () => {
  it('the same port over another protocol is no other port', () => {
    const learner = new Learner().read([...settledTraffic({ from: web, to: books, port: 11_211 }), ...settledTraffic({ from: web, to: books, port: 11_211, protocol: 'UDP' })]);
    expect(learner.edges().every((text) => text.includes('foreign-data-store'))).toBe(true);
  });
});
