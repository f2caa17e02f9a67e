import { findByte } from '../scan/find.ts';
import { TimeReader } from '../scan/time.ts';
import { ESCAPED, JsonFields, STRING } from '../scan/json.ts';
import type { OriginPod } from '../model/origin.ts';

/** What is inside one line of a log, once the envelope around it is off. */
export interface Opened {
  /** The inner text is `bytes[start, end)`; for JSON envelopes it is `text` instead. */
  start: number;
  end: number;
  text: string | null;
  /** The line is a part of a record; the record ends with the first line that is not. */
  partial: boolean;
  /** Parts of different streams are not joined with each other. */
  stream: string;
  owner: OriginPod | null;
}

const times = new TimeReader();

/** End of an RFC 3339 time at `start` that is followed by a space, or -1. */
function timeEnd(b: Buffer, start: number, end: number): number {
  const first = b[start];
  if (first === undefined || first < 0x31 || first > 0x32 || b[start + 4] !== 0x2d) return -1;
  const space = findByte(b, 0x20, start, Math.min(end, start + 37));
  if (space < 0) return -1;
  return Number.isNaN(times.read(b, start, space)) ? -1 : space;
}

/**
 * CRI (`TIME stdout|stderr P|F TEXT`, tags may follow the P or F after a colon), else `kubectl logs --timestamps`
 * (`TIME TEXT`), each behind an optional `--prefix` (`[pod/NAME/CONTAINER] `). Writes into `opened`.
 */
export function openTextEnvelope(b: Buffer, start: number, end: number, opened: Opened): void {
  opened.start = start;
  opened.end = end;
  opened.text = null;
  opened.partial = false;
  opened.stream = '';
  opened.owner = null;
  if (b[start] === 0x5b && b[start + 1] === 0x70) openPrefix(b, end, opened);
  const time = timeEnd(b, opened.start, end);
  if (time < 0) return;
  const stream = b.toString('latin1', time + 1, time + 8);
  if (stream === 'stdout ' || stream === 'stderr ') {
    const tags = time + 8;
    const space = findByte(b, 0x20, tags, end);
    const tagged = (b[tags] === 0x50 || b[tags] === 0x46) && (tags + 1 === end || space === tags + 1 || b[tags + 1] === 0x3a);
    if (tagged) {
      opened.partial = b[tags] === 0x50;
      opened.stream = stream;
      opened.start = space < 0 ? end : space + 1;
      return;
    }
  }
  opened.start = time + 1;
}

const POD_PREFIX = '[pod/';

function openPrefix(b: Buffer, end: number, opened: Opened): void {
  const { start } = opened;
  if (b.toString('latin1', start, start + POD_PREFIX.length) !== POD_PREFIX) return;
  const close = findByte(b, 0x5d, start, Math.min(end, start + 401));
  if (close < 0 || b[close + 1] !== 0x20) return;
  const [pod = '', container = ''] = b.toString('latin1', start + POD_PREFIX.length, close).split('/');
  opened.owner = { namespace: null, pod, container };
  opened.start = close + 2;
}

const LOG = 0;
const STREAM = 1;
const POD = 2;
const NAMESPACE = 3;
const CONTAINER = 4;

/** Docker's json-file (`{"log":"TEXT\n","stream":"stdout","time":"…"}`) and fluent-bit's record, which adds `kubernetes`. */
export class JsonEnvelope {
  readonly #fields = new JsonFields([
    ['log'],
    ['stream'],
    ['kubernetes', 'pod_name'],
    ['kubernetes', 'namespace_name'],
    ['kubernetes', 'container_name'],
  ]);

  /** False if the line is no such envelope; then `opened` is untouched. */
  open(b: Buffer, start: number, end: number, opened: Opened): boolean {
    const fields = this.#fields;
    if (!fields.scan(b, start, end)) return false;
    if (fields.kinds[LOG] !== STRING && fields.kinds[LOG] !== ESCAPED) return false;
    const pod = fields.text(b, POD);
    const stream = fields.text(b, STREAM);
    if (pod === null && stream === null) return false;
    const text = fields.text(b, LOG) ?? '';
    opened.text = text.endsWith('\n') ? text.slice(0, -1) : text;
    // Docker ends a whole line with its newline; fluent-bit has taken it off already.
    opened.partial = pod === null && !text.endsWith('\n');
    opened.stream = stream ?? '';
    opened.owner = pod === null ? null : { namespace: fields.text(b, NAMESPACE), pod, container: fields.text(b, CONTAINER) };
    return true;
  }
}
