import { HOUR, hourOf, type EdgeKey } from '../model/edge.ts';
import type { Graph } from '../learn/graph.ts';
import { Verdicts } from '../learn/judge.ts';

/** What held at a revision of people's choices; worked out once each. */
export function verdictsOf(graph: Graph): (revision: number) => Verdicts {
  const known = new Map<number, Verdicts>();
  return (revision) => {
    let then = known.get(revision);
    if (then === undefined) known.set(revision, (then = new Verdicts(graph.stored.choices, revision, (peer) => graph.canon.end(peer).peer)));
    return then;
  };
}

/** How long, in milliseconds of event time, the ends of an edge were learned: what was read while they were watched is not learning. */
export function learnedFor(graph: Graph): (edge: EdgeKey) => number {
  const verdictsAt = verdictsOf(graph);
  const covered = [...new Set(graph.stored.coverage.flatMap(({ hours }) => [...hours.keys()].filter((hour) => hour >= 0)))].toSorted((a, b) => a - b);
  const span = (after: number, until: number): number => {
    const hours = covered.filter((hour) => hour > after && hour <= until);
    return hours.length === 0 ? 0 : ((hours.at(-1) ?? 0) - (hours[0] ?? 0) + 1) * HOUR;
  };
  return (edge) => {
    let learned = 0;
    let watched = false;
    let since = -1;
    for (const { revision, newest } of graph.stored.choices.modes) {
      const watches = verdictsAt(revision).isWatched(edge);
      if (watches === watched) continue;
      if (watches) learned += span(since, hourOf(newest));
      since = hourOf(newest);
      watched = watches;
    }
    return learned;
  };
}
