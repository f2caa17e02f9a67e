import type { Alert } from '../model/alert.ts';
import type { Graph } from '../learn/graph.ts';
import { peerJson, portJson } from './json.ts';
import { namesOf } from './names.ts';
import { isoTime } from './text.ts';

/** An alert as others rely on it. One about a single workload has it as `source` and no `destination`. */
export function alertJson(alert: Alert, graph: Graph): object {
  const names = namesOf(graph);
  return {
    id: alert.id,
    kind: alert.kind,
    ...(alert.class === null ? {} : { class: alert.class }),
    severity: alert.severity,
    state: alert.state,
    ...(alert.source === null ? {} : { source: peerJson(alert.source, names) }),
    ...(alert.destination === null ? {} : { destination: peerJson(alert.destination, names) }),
    ...(alert.protocol === null ? {} : { port: portJson(alert.port), protocol: alert.protocol }),
    firstSeen: isoTime(alert.firstSeen),
    lastSeen: isoTime(alert.lastSeen),
    count: alert.count,
    reason: alert.reason,
    evidence: alert.evidence,
  };
}
