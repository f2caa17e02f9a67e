import type { Tally } from '../model/edge.ts';
import type { Flow } from '../model/flow.ts';

/** Adds a flow to what its witness counted. */
export function count(tally: Tally, flow: Readonly<Flow>): void {
  const n = flow.count;
  // That an answer was lost is no sign of life.
  if (flow.phase === 'lost-answer') {
    tally.lostAnswers += n;
    return;
  }
  if (flow.time < tally.firstSeen) tally.firstSeen = flow.time;
  if (flow.until > tally.lastSeen) tally.lastSeen = flow.until;
  tally.bytesOut += flow.bytesOut ?? 0;
  tally.bytesIn += flow.bytesIn ?? 0;
  if (flow.verdict === 'dropped') tally[flow.outcome === 'rejected' ? 'denied' : 'failed'] += n;
  else if (flow.phase === 'answer') {
    if (flow.outcome === 'refused') tally.refused += n;
    else answer(tally, n, flow.time);
  } else if (flow.verdict === 'audited') tally.audited += n;
  else if (flow.phase === 'ongoing') tally.ongoing += n;
  else if (!isOpening(flow)) tally.failed += n;
  else {
    tally.opened += n;
    if (flow.outcome === 'established') answer(tally, n, flow.time);
    else if (flow.outcome === 'refused') tally.refused += n;
  }
}

function answer(tally: Tally, n: number, time: number): void {
  tally.answered += n;
  if (time < tally.firstAnswered) tally.firstAnswered = time;
}

/** It belongs to a connection that another record tells of. */
export function isAnswer({ phase }: Readonly<Flow>): boolean {
  return phase === 'answer' || phase === 'lost-answer';
}

/** What reached no server opened nothing. */
export function isOpening(flow: Readonly<Flow>): boolean {
  return flow.phase === 'open' && flow.verdict === 'forwarded' && flow.outcome !== 'unanswered';
}
