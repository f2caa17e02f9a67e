import type { Flag } from '../learn/suspicion.ts';

/** What a flag says of an edge, in a sentence's end: what is suspicious about it, or what is to be known of it. */
const FLAG_TEXT: Readonly<Record<Flag, string>> = {
  'single-sighting': 'one connection, in one hour',
  'one-pod': 'one pod of a Deployment uses it much, others that are as busy never',
  'much-out': 'an outside address of one day, with over 100 MB out and a tenth of that in at most',
  'no-success': 'only refused, dropped or unanswered',
  scan: 'its source scanned, and had no success here',
  'many-ports': 'stands for the ports of the pair that found no room',
  metadata: 'the metadata service, which gives credentials away',
  kubelet: 'the kubelet of some nodes, not of all',
  etcd: 'a port of etcd',
  'remote-shell': 'a port of remote shells or desktops',
  'foreign-data-store': 'a data store in another namespace, which nothing else is asked of',
  'no-opening': 'only established traffic was seen: it is older than the records',
  unconfirmed: 'no answers are shown for it',
};

/** `name: text` for each, in lines. */
export function flagLines(flags: readonly Flag[], indent: string): string {
  return flags.map((flag) => `${indent}${flag}: ${FLAG_TEXT[flag]}\n`).join('');
}
