import type { Column, Group, Keep, Plan, Shape, TextPlan, Wanted } from '../../src/scan/plan.ts';
import { isJsonFormat, type Format, type JsonFormat, type TextFormat } from './format.ts';
import { canHoldSpaces, fieldsOf, type Field, type Operator } from './operators.ts';
import { segmentsOf } from './text.ts';

/** The groups of a line's values. */
export const CLIENT = 0;
export const SERVER = 1;
export const MANNER = 2;
export const REQUEST = 3;

const GROUP: Readonly<Record<Field, Group>> = {
  time: MANNER,
  method: REQUEST,
  path: REQUEST,
  code: MANNER,
  flags: MANNER,
  details: MANNER,
  termination: MANNER,
  failure: MANNER,
  bytesReceived: MANNER,
  bytesSent: MANNER,
  upstreamHost: SERVER,
  upstreamCluster: SERVER,
  // A sidecar's is its client's.
  upstreamLocal: CLIENT,
  downstreamLocal: SERVER,
  downstreamRemote: CLIENT,
  downstreamDirect: CLIENT,
  peerSan: CLIENT,
  peerPrincipal: CLIENT,
  podName: MANNER,
  podNamespace: MANNER,
};

/** What else than its bytes is kept of a field. Of the client's addresses no port tells anything but that it is none. */
const KEPT: Partial<Record<Field, Keep>> = { time: 'time', path: 'path', bytesReceived: 'sum', bytesSent: 'sum', upstreamLocal: 'address', downstreamRemote: 'address', downstreamDirect: 'address' };

/** Paths of a template go no deeper: below them JSON nests as deep as it may. */
const MAX_DEPTH = 4;
const MAX_SLOTS = 250;

/** Whose value lies in a slot. */
export interface Source {
  readonly field: Field;
  readonly group: Group;
  readonly isText: boolean;
  /** A bit for each field that its format writes. */
  readonly written: number;
}

/** How the kernel reads lines of the first formats, and whose values it gives: lines that others may match first are left to the reference. */
export interface FormatPlan {
  readonly plan: Plan;
  readonly sources: readonly Source[];
}

/** Null if no line can be read with certainty. `formats` in the order in which they are tried. */
export function planOf(formats: readonly Format[]): FormatPlan | null {
  const json = formats.findIndex(isJsonFormat);
  const text = formats.findIndex((format) => !isJsonFormat(format));
  const isJsonFirst = formats.slice(0, json).every((format) => !isJsonFormat(format) && !canBeginWithBrace(format));
  const jsonSources = json < 0 || !isJsonFirst ? null : sourcesOfJson(formats[json] as JsonFormat);
  const textSources = text < 0 ? null : sourcesOfText(formats[text] as TextFormat);
  const sources = [...(jsonSources ?? []), ...(textSources ?? [])];
  if (sources.length === 0 || sources.length > MAX_SLOTS) return null;
  return {
    sources,
    plan: {
      slots: sources.length,
      // A time alone makes no record of JSON.
      leavesEmpty: true,
      wanted: (jsonSources ?? []).map(({ field, group, path }, slot) => ({ path, ...wanted(field, group, slot) })),
      text: textSources === null ? null : textPlan(formats[text] as TextFormat, jsonSources?.length ?? 0),
    },
  };
}

function wanted(field: Field, group: Group, slot: number): Omit<Wanted, 'path'> {
  return { slot, keep: KEPT[field] ?? 'text', group, rank: field === 'bytesSent' ? 1 : 0 };
}

function canBeginWithBrace({ literals, operators }: TextFormat): boolean {
  const [first] = literals;
  return first!.length > 0 ? first![0] === 0x7b : operators[0]?.field !== 'time' || operators[0].timeFormat !== '';
}

function sourcesOfJson({ leaves }: JsonFormat): readonly (Source & { readonly path: readonly string[] })[] | null {
  const written = fieldsOf(leaves.flatMap(({ format }) => format.operators));
  const telling = leaves.filter(({ format }) => format.operators.some(({ field }) => field !== null));
  const sources = telling.flatMap(({ path, format: { operators, literals } }) => {
    const field = operators[0]?.field ?? null;
    const isAlone = operators.length === 1 && literals.every(({ length }) => length === 0);
    return isAlone && field !== null && path.length <= MAX_DEPTH ? [{ field, group: GROUP[field], isText: false, written, path }] : [];
  });
  return sources.length === telling.length && isCertain(telling.flatMap(({ format }) => format.operators)) ? sources : null;
}

function sourcesOfText({ literals, operators }: TextFormat): readonly Source[] | null {
  const written = fieldsOf(operators);
  const isCut = segmentsOf(literals, operators) !== null && literals.slice(1, -1).every(({ length }) => length > 0);
  if (!isCut || !isCertain(operators)) return null;
  return operators.flatMap(({ field }) => (field === null ? [] : [{ field, group: GROUP[field], isText: true, written }]));
}

/** There is one time, as Envoy writes it by default, and no field is there twice. */
function isCertain(operators: readonly Operator[]): boolean {
  const fields = operators.flatMap(({ field }) => (field === null ? [] : [field]));
  const time = operators.find(({ field }) => field === 'time');
  return time?.timeFormat === '' && new Set(fields).size === fields.length;
}

function textPlan({ literals, operators }: TextFormat, firstSlot: number): TextPlan {
  const segments = segmentsOf(literals, operators)!;
  let slot = firstSlot;
  const columns = operators.map((operator, i): Column => {
    const { field } = operator;
    const { from } = segments.find(({ to }) => i < to)!;
    const isBehindPath = operators.slice(0, from).some((earlier) => earlier.field === 'path');
    return { before: literals[i]!, shape: shapeOf(operator, isBehindPath), wanted: field === null ? null : wanted(field, GROUP[field], slot++) };
  });
  return { columns, segments };
}

/** Where there is a path there is a protocol; within one segment the path is read last. */
function shapeOf({ shape }: Operator, isBehindPath: boolean): Shape {
  if (canHoldSpaces(shape)) return 'any';
  if (shape === 'protocol') return isBehindPath ? 'protocol' : 'protocol-or-none';
  return shape === 'host' ? 'host' : 'token';
}
