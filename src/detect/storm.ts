import type { Finding } from '../model/alert.ts';
import { HOUR } from '../model/edge.ts';
import { groupBy, largest } from '../model/group.ts';

/** More new alerts than this in one hour of event time are a storm: one more finding, which hides none of them. */
const STORM = 20;

export function findStorms(findings: readonly Finding[]): readonly Finding[] {
  return [...groupBy(findings, ({ firstSeen }) => Math.floor(firstSeen / HOUR))]
    .filter(([, own]) => own.length > STORM)
    .map(([hour, own]): Finding => {
      const kinds = [...groupBy(own, ({ kind }) => kind)].map(([kind, all]) => `${all.length} ${kind}`);
      return {
        kind: 'storm',
        class: null,
        severity: 'high',
        source: null,
        destination: null,
        protocol: null,
        port: 0,
        firstSeen: hour * HOUR,
        lastSeen: largest(own.map(({ lastSeen }) => lastSeen)),
        count: own.length,
        reason: `${own.length} new alerts within one hour: ${kinds.join(', ')}`,
        evidence: ['a change that was not learned (a new release, a moved database), a broken inventory, or an attack'],
        decides: [],
        foldedInto: null,
        since: largest(own.map(({ since }) => since)),
      };
    });
}
