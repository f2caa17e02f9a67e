import { hash } from 'node:crypto';

/** Length of an id in hexadecimal digits: 2^32 things would have to be named before two are likely to share one. */
const DIGITS = 16;

/** A short hash of what a thing is, equal in every database: the id of an edge or an alert. */
export function fingerprint(key: string): string {
  return hash('sha256', key).slice(0, DIGITS);
}
