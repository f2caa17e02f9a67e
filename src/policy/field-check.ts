import { parseAddress, parseCidr } from '../model/address.ts';
import { isLabelKey, isLabelValue, isSubdomain } from '../model/names.ts';
import type { LabelSelector, SelectorExpression } from '../model/selector.ts';

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

  cidr(value: unknown, field: string): string {
    const cidr = typeof value === 'string' && value.includes('/') ? parseCidr(value) : null;
    if (cidr === null) this.say(field, 'must be a range such as 10.9.8.0/24 or 2001:db8::/64');
    else if (parseAddress(String(value).replace(/\/.*/, ''))?.value !== cidr.base) this.warn(field, 'has bits set beyond its length, which servers since Kubernetes 1.36 refuse');
    else if (String(value).toLowerCase().startsWith('::ffff:')) this.warn(field, 'is IPv4 in IPv6, which servers since Kubernetes 1.36 refuse');
    return String(value);
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
      if (label === null || !isLabelValue(label)) this.say(`${field}.${key}`, 'must be a label value');
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
    const list = this.list(values, `${field}.values`);
    for (const [i, item] of list.entries()) if (typeof item !== 'string' || !isLabelValue(item)) this.say(`${field}.values[${i}]`, 'must be a label value');
    if (operator === 'In' || operator === 'NotIn') {
      if (list.length === 0) this.say(`${field}.values`, `${operator} needs values`);
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (list.length > 0) this.say(`${field}.values`, `${operator} takes no values`);
    } else this.say(`${field}.operator`, 'must be In, NotIn, Exists or DoesNotExist');
    return { key: String(key), operator: operator as 'In', values: list.map(String) };
  }

  metadata(value: unknown): Fields {
    const metadata = this.fields(value, 'metadata', METADATA);
    this.labels(metadata['labels'], 'metadata.labels');
    for (const [key, text] of this.texts(metadata['annotations'], 'metadata.annotations')) {
      if (!isLabelKey(key.toLowerCase())) this.say('metadata.annotations', `${JSON.stringify(key)} is no key of an annotation`);
      if (text === null) this.say(`metadata.annotations.${key}`, 'must be text');
    }
    if (typeof metadata['name'] !== 'string' || !isSubdomain(metadata['name'])) this.say('metadata.name', 'must be a lowercase RFC 1123 subdomain');
    return metadata;
  }
}

export function isPortNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
