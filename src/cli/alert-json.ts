import type { Alert } from '../model/alert.ts';
import { alertJson as json } from '../model/json.ts';
import type { Graph } from '../learn/graph.ts';
import { namesOf } from './names.ts';

export function alertJson(alert: Alert, graph: Graph): object {
  return json(alert, namesOf(graph));
}
