import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/fingerprint.ts';
import { ALERT_KINDS, ALERT_STATES, EDGE_CLASSES, findingKey, SEVERITIES, type Finding } from '../../src/model/alert.ts';
import { HOUR } from '../../src/model/edge.ts';
import { PUBLIC, workloadPeer, type Peer } from '../../src/model/peer.ts';
import { labelsOf } from '../../src/notify/alert-labels.ts';
import { OWN_LABELS } from '../../src/notify/config.ts';
import { toldAlert } from '../support/alerts.ts';

const cluster = fc.constantFrom('', 'east', 'west');
const word = fc.constantFrom('web', 'db', 'shop', 'node', 'public', 'external');
const peer: fc.Arbitrary<Peer | null> = fc.oneof(
  fc.record({ cluster, namespace: word, kind: fc.constantFrom('Deployment', 'StatefulSet', 'Pod', 'external', 'node'), name: word }).map(workloadPeer),
  fc.record({ type: fc.constantFrom('node' as const, 'apiserver' as const), cluster }),
  fc.record({ type: fc.constantFrom('external' as const), address: fc.constantFrom('198.51.100.1', '2001:db8::1', 'others') }),
  fc.constant(PUBLIC),
  fc.constant(null),
);
const finding = fc.record({
  kind: fc.constantFrom(...ALERT_KINDS),
  source: peer,
  destination: peer,
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'ICMP' as const, null),
  port: fc.constantFrom(0, -1, 80, 443),
  firstSeen: fc.constantFrom(0, 1, HOUR, 2 * HOUR),
});

describe('labels', () => {
  it('are one-to-one with the alert’s id', () => {
    // Peers' clusters are known by then, or none is: a graph has one name for its own.
    const named = finding.filter(({ source, destination }) => [source, destination].every((end) => end === null || !('cluster' in end) || end.cluster !== ''));
    fc.assert(
      fc.property(fc.array(named, { minLength: 2, maxLength: 30 }), (all) => {
        const byId = new Map<string, string>();
        const byLabels = new Map<string, string>();
        for (const one of all) {
          const id = fingerprint(findingKey(one as Finding));
          const labels = JSON.stringify(labelsOf(toldAlert({ ...one, id })));
          expect(byId.get(id) ?? labels).toBe(labels);
          expect(byLabels.get(labels) ?? id).toBe(id);
          byId.set(id, labels);
          byLabels.set(labels, id);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('do not change with what an alert becomes', () => {
    const changing = fc.record({ severity: fc.constantFrom(...SEVERITIES), class: fc.constantFrom(...EDGE_CLASSES, null), state: fc.constantFrom(...ALERT_STATES), lastSeen: fc.nat(), count: fc.nat(), reason: fc.string(), evidence: fc.array(fc.string()), over: fc.option(fc.string()) });
    fc.assert(
      fc.property(finding, changing, (one, more) => {
        expect(labelsOf(toldAlert({ ...one, ...more }))).toEqual(labelsOf(toldAlert(one)));
      }),
    );
  });

  it('are names that Alertmanager takes, and values that are not empty', () => {
    fc.assert(
      fc.property(finding, (one) => {
        const labels = labelsOf(toldAlert(one));
        expect(Object.keys(labels).filter((name) => !OWN_LABELS.some((own) => own === name))).toEqual([]);
        expect(Object.values(labels).every((value) => value !== '')).toBe(true);
        expect(labels['alertname']).toMatch(/^Footpath([A-Z][a-z]+)+$/);
      }),
    );
  });

  it.each([
    [toldAlert(), { alertname: 'FootpathNewEdge', kind: 'new-edge', cluster: 'east', source: 'shop/web', source_kind: 'Deployment', destination: 'shop/db', destination_kind: 'Deployment', port: '5432', protocol: 'TCP' }],
    [toldAlert({ kind: 'scan', destination: null, protocol: null, port: 0 }), { alertname: 'FootpathScan', kind: 'scan', cluster: 'east', source: 'shop/web', source_kind: 'Deployment' }],
    [toldAlert({ kind: 'storm', source: null, destination: null, protocol: null, port: 0, firstSeen: Date.UTC(2026, 2, 2, 12) }), { alertname: 'FootpathStorm', kind: 'storm', hour: '2026-03-02T12:00:00.000Z' }],
    [
      toldAlert({ source: { type: 'external', address: '198.51.100.1' }, destination: { type: 'node', cluster: 'west' }, port: -1 }),
      { alertname: 'FootpathNewEdge', kind: 'new-edge', cluster: 'west', source: '198.51.100.1', source_kind: 'external', destination: 'node', destination_kind: 'node', port: 'many', protocol: 'TCP' },
    ],
    [toldAlert({ destination: { type: 'apiserver', cluster: 'west' } }), expect.objectContaining({ cluster: 'east', destination: 'apiserver', destination_cluster: 'west' })],
  ])('of an alert are what it is: %#', (alert, labels) => {
    expect(labelsOf(alert)).toEqual(labels);
  });
});
