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

/** Values of the columns of a tally. */
export type TallyValues = readonly [
  opened: number,
  ongoing: number,
  answered: number,
  refused: number,
  denied: number,
  audited: number,
  failed: number,
  lostAnswers: number,
  bytesOut: number,
  bytesIn: number,
  firstSeen: number,
  lastSeen: number,
  firstAnswered: number,
];

export function tallyValues(tally: Tally): TallyValues {
  const { opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered } = tally;
  return [opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered];
}

/** The same as the next values of a row, which makes no array for each. */
export function putTally(rows: Rows, tally: Tally): Rows {
  const { opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered } = tally;
  rows.put(opened).put(ongoing).put(answered).put(refused).put(denied).put(audited).put(failed).put(lostAnswers);
  return rows.put(bytesOut).put(bytesIn).put(firstSeen).put(lastSeen).put(firstAnswered);
}

export function tallyOf([opened, ongoing, answered, refused, denied, audited, failed, lostAnswers, bytesOut, bytesIn, firstSeen, lastSeen, firstAnswered]: TallyValues): Tally {
  return {
    opened: small(opened),
    ongoing: small(ongoing),
    answered: small(answered),
    refused: small(refused),
    denied: small(denied),
    audited: small(audited),
    failed: small(failed),
    lostAnswers: small(lostAnswers),
    bytesOut: small(bytesOut),
    bytesIn: small(bytesIn),
    firstSeen,
    lastSeen,
    firstAnswered,
  };
}

/** The same number, in a word where it fits: of a row that also has large ones it comes as a double, which an object keeps in a box of its own. */
function small(n: number): number {
  const word = n | 0;
  return word === n ? word : n;
}
