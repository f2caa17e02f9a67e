import type { Tally } from '../model/edge.ts';
import type { Rows } from './rows.ts';

/** The columns of a tally, in the order in which `tallyValues` gives them. */
const SUMS = ['opened', 'ongoing', 'answered', 'refused', 'denied', 'audited', 'failed', 'lost_answers', 'bytes_out', 'bytes_in'];
export const TALLY_COLUMNS = [...SUMS, 'first_seen', 'last_seen', 'first_answered'].join(', ');
export const TALLY_LENGTH = SUMS.length + 3;

/** How a tally that is there already takes another one in: sum, min, max. */
export const TALLY_MERGE = [
  ...SUMS.map((column) => `${column} = ${column} + excluded.${column}`),
  'first_seen = min(first_seen, excluded.first_seen)',
  'last_seen = max(last_seen, excluded.last_seen)',
  'first_answered = min(first_answered, excluded.first_answered)',
].join(', ');

export interface TallyRow {
  readonly opened: number;
  readonly ongoing: number;
  readonly answered: number;
  readonly refused: number;
  readonly denied: number;
  readonly audited: number;
  readonly failed: number;
  readonly lost_answers: number;
  readonly bytes_out: number;
  readonly bytes_in: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly first_answered: number;
}

export function tallyValues(tally: Tally): readonly number[] {
  const { opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered } = tally;
  return [opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered];
}

/** The same as the next values of a row, which makes no array for each. */
export function putTally(rows: Rows, tally: Tally): Rows {
  const { opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered } = tally;
  rows.put(opened).put(ongoing).put(answered).put(refused).put(denied).put(audited).put(failed).put(lostAnswers);
  return rows.put(bytesOut).put(bytesIn).put(firstSeen).put(lastSeen).put(firstAnswered);
}

export function tallyOf(row: TallyRow): Tally {
  return {
    opened: row.opened,
    ongoing: row.ongoing,
    answered: row.answered,
    refused: row.refused,
    denied: row.denied,
    audited: row.audited,
    failed: row.failed,
    lostAnswers: row.lost_answers,
    bytesOut: row.bytes_out,
    bytesIn: row.bytes_in,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    firstAnswered: row.first_answered,
  };
}
