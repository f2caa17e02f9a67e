import { peerJson, portJson } from '../model/json.ts';
import type { GraphEdge } from '../learn/graph.ts';
import type { EdgeDecision } from '../model/decision.ts';
import { collectors } from '../../collectors/index.ts';
import { hoursSeen } from '../model/edge.ts';
import type { Names } from './names.ts';
import { isoTime } from './text.ts';

const COUNT_BYTES: ReadonlySet<string> = new Set(collectors.filter(({ carries }) => carries.includes('bytes')).map(({ name }) => name));

/** The JSON that others rely on. Additions are welcome; changes are breaking. */
export function edgeJson(edge: GraphEdge, names: Names): object {
  const witnesses = [...edge.evidence.witnesses.values()].map(({ witness }) => witness);
  const sides = new Set(witnesses.map(({ side }) => side));
  for (const key of edge.evidence.byLabelsOnly) {
    const side = key.split('|')[1];
    if (side === 'source' || side === 'destination') sides.add(side);
  }
  const counted = witnesses.some(({ collector }) => COUNT_BYTES.has(collector));
  return {
    id: edge.id,
    source: peerJson(edge.source, names),
    destination: peerJson(edge.destination, names),
    port: portJson(edge.port),
    protocol: edge.protocol,
    state: edge.state,
    flags: edge.flags,
    decision: decisionJson(edge.decision),
    firstSeen: isoTime(edge.totals.firstSeen),
    lastSeen: isoTime(edge.totals.lastSeen),
    connections: edge.totals.opened,
    refused: edge.totals.refused,
    denied: edge.totals.denied,
    bytesOut: counted ? edge.totals.bytesOut : null,
    bytesIn: counted ? edge.totals.bytesIn : null,
    hours: hoursSeen(edge.evidence),
    days: edge.evidence.days.size,
    reporters: (['source', 'destination'] as const).filter((side) => sides.has(side)),
    collectors: [...new Set(witnesses.map(({ collector }) => collector))].toSorted(),
    operations: edge.evidence.operations,
    principals: [...edge.evidence.principals].toSorted(),
  };
}

/** Whose word holds on the edge; null where nobody has decided. */
function decisionJson(decision: EdgeDecision | null): object | null {
  if (decision === null) return null;
  const { action, by, at, scope, comment } = decision;
  return { action, by, at: isoTime(at), scope, comment };
}
