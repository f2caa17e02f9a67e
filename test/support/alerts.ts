import type { Alert } from '../../src/model/alert.ts';
import { workloadPeer } from '../../src/model/peer.ts';
import type { Notification, ToldAlert } from '../../src/notifier.ts';
import { T0 } from './hubble.ts';

const shop = (name: string): Alert['source'] => workloadPeer({ cluster: 'east', namespace: 'shop', kind: 'Deployment', name });

/** An alert that fires, as detection gives it. */
export function alertOf(given: Partial<Alert> = {}): Alert {
  const id = given.id ?? 'a1';
  return {
    id,
    key: `key of ${id}`,
    kind: 'new-edge',
    class: 'cross-namespace',
    severity: 'high',
    state: 'firing',
    source: shop('web'),
    destination: shop('db'),
    protocol: 'TCP',
    port: 5432,
    firstSeen: T0,
    lastSeen: T0 + 1_000,
    count: 2,
    reason: 'shop/web -> shop/db 5432/TCP: never seen in 3 days of learning',
    evidence: ['2 connections'],
    decides: [],
    foldedInto: null,
    since: 1,
    ...given,
  };
}

export function toldAlert(given: Partial<ToldAlert> = {}): ToldAlert {
  const { id, kind, class: edgeClass, severity, state, source, destination, protocol, port, firstSeen, lastSeen, count, reason, evidence } = alertOf({ id: given.id ?? 'a1' });
  return { id, kind, class: edgeClass, severity, state, source, destination, protocol, port, firstSeen, lastSeen, count, reason, evidence, sourceName: null, destinationName: null, edges: 1, over: null, ...given };
}

export function notification(given: Partial<Omit<Notification, 'alert'>> & { readonly alert?: Partial<ToldAlert> } = {}): Notification {
  const { alert, ...rest } = given;
  const told = toldAlert({ ...(given.event === 'resolved' ? { state: 'accepted', over: 'accepted' } : {}), ...alert });
  return { id: `${told.id}.x.1`, event: 'firing', at: T0 + 60_000, since: T0 + 60_000, ...rest, alert: told };
}
