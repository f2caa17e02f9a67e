import fc from 'fast-check';
import type { DrawnEdge } from '../../src/export/drawing.ts';
import { PUBLIC, workloadPeer, type Peer } from '../../src/model/peer.ts';

/** Edges as pictures are drawn of them. */

/** `shop/web` is a workload, `public` anybody, `node` and `apiserver` classes, everything else an outside address. */
export function peer(text: string): Peer {
  if (text === 'public') return PUBLIC;
  if (text === 'node' || text === 'apiserver') return { type: text, cluster: '' };
  const [namespace = '', name] = text.split('/');
  return name === undefined ? { type: 'external', address: text } : workloadPeer({ cluster: '', namespace, kind: 'Deployment', name });
}

/** `drawn('shop/web', 'shop/cart', 8080)`; what is not said is an accepted edge that was seen twice. */
export function drawn(from: string | Peer, to: string | Peer, port = 80, more: Partial<DrawnEdge> = {}): DrawnEdge {
  const [source, destination] = [from, to].map((end) => (typeof end === 'string' ? peer(end) : end));
  if (source === undefined || destination === undefined) throw new Error('an edge has two ends');
  const totals = { opened: 2, firstSeen: Date.UTC(2026, 2, 2, 12), lastSeen: Date.UTC(2026, 2, 3, 12, 30) };
  return { id: 'e1', source, destination, port, protocol: 'TCP', state: 'accepted', flags: [], totals, ...more };
}

const ACTIVE = ['"', '\\', '\\"', '#', '&quot;', '<b>', '-->', ']', '})', '|', ';', '\n', '\r\n', '%', '`', '=1+1', '+1', '-1', '@SUM(1)', '\t=1', ',', '{', 'end', 'subgraph', '\u2028'];
const text = fc.array(fc.oneof(fc.constantFrom(...ACTIVE), fc.string({ maxLength: 5 })), { maxLength: 4 }).map((parts) => parts.join(''));

/** Names of anything: no grammar protects a picture. */
export const anyPeer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ type: fc.constant('workload' as const), cluster: text, namespace: text, kind: text, name: text }),
  fc.record({ type: fc.constantFrom('external' as const, 'unresolved' as const), address: text }),
  fc.record({ type: fc.constant('labels' as const), cluster: text, namespace: text, labels: text }),
  fc.constantFrom<Peer>(PUBLIC, { type: 'node', cluster: '' }, { type: 'apiserver', cluster: '' }),
);

export const anyEdge: fc.Arbitrary<DrawnEdge> = fc
  .record({ source: anyPeer, destination: anyPeer, port: fc.constantFrom(-1, 0, 1, 443, 65_535), state: fc.constantFrom('accepted', 'observed', 'rejected'), id: text, flags: fc.array(text, { maxLength: 2 }) })
  .map(({ source, destination, port, ...more }) => drawn(source, destination, port, more));
