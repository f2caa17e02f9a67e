import { totals, type Evidence, type Tally } from '../model/edge.ts';
import type { Protocol, Witness } from '../model/flow.ts';

/** Whether connections of an edge succeeded, as far as its sources can show. */
export type Success = 'confirmed' | 'unconfirmed' | 'none';

/** Collectors that showed what came back on some edge: an edge of theirs without an answer is unanswered. */
export type AnswersShown = ReadonlySet<string>;

/** UDP that nobody answers is normal (statsd, syslog); a source that never shows answers is judged by what it can show. */
export function successOf(evidence: Evidence, protocol: Protocol, shown: AnswersShown): Success {
  if (refusedAtServer(evidence.witnesses)) return 'none';
  let unconfirmed = false;
  for (const { witness, tally } of evidence.witnesses.values()) {
    if (tally.answered > 0) return 'confirmed';
    if ((protocol === 'UDP' || !shown.has(witness.collector)) && wentThrough(tally)) unconfirmed = true;
  }
  return unconfirmed ? 'unconfirmed' : 'none';
}

function wentThrough(tally: Tally): boolean {
  return tally.opened + tally.ongoing > tally.refused;
}

/**
 * The server's own end only ever stopped it, though the client's proxy saw an answer: that answer is the refusal of the
 * server's proxy.
 */
export function refusedAtServer(witnesses: Evidence['witnesses']): boolean {
  let denied = false;
  for (const { witness, tally } of witnesses.values()) {
    if (isServed(witness, tally)) return false;
    denied ||= witness.side === 'destination' && tally.denied > 0;
  }
  return denied;
}

/** The server's own end saw somebody come through. */
export function isServed({ side }: Witness, { answered, opened, ongoing }: Readonly<Tally>): boolean {
  return side === 'destination' && answered + opened + ongoing > 0;
}

/** Established traffic alone: the connection is older than the records. */
export function hasNoOpening(evidence: Evidence, { opened, ongoing, answered }: Readonly<Tally> = totals(evidence)): boolean {
  return opened === 0 && ongoing + answered > 0;
}
