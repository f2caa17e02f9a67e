import { parseAddress, parseCidr } from '../../model/address.ts';
import { isLabelKey, isLabelValue, isSubdomain } from '../../model/names.ts';
import type { LabelSelector, SelectorExpression } from '../../model/selector.ts';

export interface Problem {
  /** `spec.ingress[0].from[1].ipBlock.cidr` */
  readonly field: string;
  readonly message: string;
}

export type Fields = Readonly<Record<string, unknown>>;

const METADATA = [
  'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp',
  'deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields',
];

const NOT_TEXT = 'must be text: what YAML takes for a number or a boolean (1, y, on) has to be quoted';

/** Reads the parts that all kinds of policies are made of, and keeps what an API server would say of them, by field. */
export class FieldCheck {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  say(field: string, message: string): void {
    this.problems.push({ field, message });
  }

  warn(field: string, message: string): void {
    this.warnings.push({ field, message });
  }

  fields(value: unknown, field: string, known: readonly string[]): Fields {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.say(field, 'must be an object');
      return {};
    }
    for (const key of Object.keys(value)) if (!known.includes(key)) this.say(`${field}.${key}`, 'unknown field');
    return value as Fields;
  }

  list(value: unknown, field: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as readonly unknown[];
    this.say(field, 'must be a list');
    return [];
  }

  /** As it is evaluated: without zeros in front, which older servers took as if they were not there. */
  cidr(value: unknown, field: string): string {
    const text = typeof value === 'string' ? withoutZeros(value) : '';
    const cidr = text.includes('/') ? parseCidr(text) : null;
    if (cidr === null) this.say(field, 'must be a range such as 10.9.8.0/24 or 2001:db8::/64');
    else if (text !== value) this.warn(field, 'has zeros in front of a number, which servers since Kubernetes 1.36 refuse');
    else if (parseAddress(text.replace(/\/.*/, ''))?.value !== cidr.base) this.warn(field, 'has bits set beyond its length, which servers since Kubernetes 1.36 refuse');
    else if (text.toLowerCase().startsWith('::ffff:')) this.warn(field, 'is IPv4 in IPv6, which servers since Kubernetes 1.36 refuse');
    return cidr === null ? String(value) : text;
  }

  /** A map of texts; what is null is empty text, as the server's decoder has it, and what is no text is null here. */
  texts(value: unknown, field: string): readonly (readonly [string, string | null])[] {
    if (value === undefined || value === null) return [];
    if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value).map(([key, text]) => [key, text === null ? '' : typeof text === 'string' ? text : null]);
    this.say(field, 'must be a map');
    return [];
  }

  labels(value: unknown, field: string): readonly (readonly [string, string])[] {
    return this.texts(value, field).map(([key, label]) => {
      if (!isLabelKey(key)) this.say(field, `${JSON.stringify(key)} is no label key`);
      if (label === null) this.say(`${field}.${key}`, NOT_TEXT);
      else if (!isLabelValue(label)) this.say(`${field}.${key}`, 'must be a label value');
      return [key, label ?? ''];
    });
  }

  selector(value: unknown, field: string): LabelSelector {
    const selector = this.fields(value, field, ['matchLabels', 'matchExpressions']);
    const entries = this.labels(selector['matchLabels'], `${field}.matchLabels`);
    const expressions = this.list(selector['matchExpressions'], `${field}.matchExpressions`).map((item, i) => this.expression(item, `${field}.matchExpressions[${i}]`));
    return {
      ...(entries.length > 0 ? { matchLabels: Object.fromEntries(entries) } : {}),
      ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
    };
  }

  expression(value: unknown, field: string): SelectorExpression {
    const { key, operator, values } = this.fields(value, field, ['key', 'operator', 'values']);
    if (typeof key !== 'string' || !isLabelKey(key)) this.say(`${field}.key`, 'must be a label key');
    // What is null is empty text, as the server's decoder has it.
    const list = this.list(values, `${field}.values`).map((item) => item ?? '');
    for (const [i, item] of list.entries()) {
      if (typeof item !== 'string') this.say(`${field}.values[${i}]`, NOT_TEXT);
      else if (!isLabelValue(item)) this.say(`${field}.values[${i}]`, 'must be a label value');
    }
    if (operator === 'In' || operator === 'NotIn') {
      if (list.length === 0) this.say(`${field}.values`, `${operator} needs values`);
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (list.length > 0) this.say(`${field}.values`, `${operator} takes no values`);
    } else this.say(`${field}.operator`, 'must be In, NotIn, Exists or DoesNotExist');
    return { key: String(key), operator: operator as 'In', values: list.map(String) };
  }

  /** With the name that is to be generated, where there is none. */
  metadata(value: unknown): Fields {
    const metadata = this.fields(value, 'metadata', METADATA);
    this.labels(metadata['labels'], 'metadata.labels');
    for (const [key, text] of this.texts(metadata['annotations'], 'metadata.annotations')) {
      if (!isLabelKey(key.toLowerCase())) this.say('metadata.annotations', `${JSON.stringify(key)} is no key of an annotation`);
      if (text === null) this.say(`metadata.annotations.${key}`, NOT_TEXT);
    }
    for (const key of TEXTS) if (isGiven(metadata[key]) && typeof metadata[key] !== 'string') this.say(`metadata.${key}`, 'must be text');
    for (const key of TIMES) if (isGiven(metadata[key]) && !isTime(metadata[key])) this.say(`metadata.${key}`, 'must be a time such as 2026-03-01T12:00:00Z');
    for (const key of NUMBERS) if (isGiven(metadata[key]) && !Number.isInteger(metadata[key])) this.say(`metadata.${key}`, 'must be a whole number');
    for (const [i, finalizer] of this.list(metadata['finalizers'], 'metadata.finalizers').entries()) {
      const isName = typeof finalizer === 'string' && isLabelKey(finalizer) && (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer));
      if (!isName) this.say(`metadata.finalizers[${i}]`, 'must be a name with a domain, example.com/name');
    }
    if (DELETION.every((one) => this.list(metadata['finalizers'], 'metadata.finalizers').includes(one))) this.say('metadata.finalizers', `cannot be both ${DELETION.join(' and ')}`);
    const owners = this.list(metadata['ownerReferences'], 'metadata.ownerReferences').map((owner, i) => this.#owner(owner, `metadata.ownerReferences[${i}]`));
    if (owners.filter(({ controller }) => controller === true).length > 1) this.say('metadata.ownerReferences', 'may hold only one controller');
    this.list(metadata['managedFields'], 'metadata.managedFields');
    const { name, generateName } = metadata;
    if (!isGiven(name) && typeof generateName === 'string' && isSubdomain(`${generateName}x`)) return { ...metadata, name: generateName };
    if (typeof name !== 'string' || !isSubdomain(name)) this.say('metadata.name', 'must be a lowercase RFC 1123 subdomain');
    return metadata;
  }

  #owner(value: unknown, field: string): Fields {
    const owner = this.fields(value, field, ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion']);
    for (const key of ['apiVersion', 'kind', 'name', 'uid']) if (typeof owner[key] !== 'string' || owner[key] === '') this.say(`${field}.${key}`, 'must be there, and text');
    for (const key of ['controller', 'blockOwnerDeletion']) if (isGiven(owner[key]) && typeof owner[key] !== 'boolean') this.say(`${field}.${key}`, 'must be true or false');
    if (typeof owner['apiVersion'] === 'string' && owner['apiVersion'].split('/').length > 2) this.say(`${field}.apiVersion`, 'must be a version, or a group and a version');
    if (owner['apiVersion'] === 'v1' && owner['kind'] === 'Event') this.say(field, 'an Event owns nothing');
    return owner;
  }
}

const TEXTS = ['generateName', 'selfLink', 'uid', 'resourceVersion'];
const TIMES = ['creationTimestamp', 'deletionTimestamp'];
const NUMBERS = ['generation', 'deletionGracePeriodSeconds'];
const RFC3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const DELETION = ['orphan', 'foregroundDeletion'];
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function isTime(value: unknown): boolean {
  const day = typeof value === 'string' ? (RFC3339.exec(value)?.[1] ?? null) : null;
  if (day === null || Number.isNaN(Date.parse(String(value)))) return false;
  // A day that its month does not have would be taken for one of the next.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function withoutZeros(cidr: string): string {
  return cidr.replace(/\/0+(?=\d)/, '/').replace(/^[\d.]+(?=\/)/, (address) => address.replace(/(^|\.)0+(?=\d)/g, '$1'));
}

export function isPortNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
