import { parseCidr } from '../../src/model/address.ts';
import { parseSpiffe } from '../../src/model/principal.ts';
import { list, map, metadata, object, oneOf, text, where, type Shape } from './shape.ts';

/**
 * What an API server with Istio's definitions takes of an AuthorizationPolicy (security.istio.io/v1): the schema of its definition
 * (1.24 and newer), and what its webhook refuses beyond that. Written from the documentation of its API; only what a policy of ours
 * may hold is known here.
 */

const principal: Shape = (value, at) => (typeof value === 'string' && parseSpiffe(`spiffe://${value}`) !== null ? [] : [`${at}: ${JSON.stringify(value)} is no principal`]);
const range: Shape = (value, at) => (typeof value === 'string' && parseCidr(value)?.text === value ? [] : [`${at}: ${JSON.stringify(value)} is no range`]);

/** Templates stand alone in their segments, and `{**}` last; nothing else has braces, and no asterisk means more than it says. */
const path: Shape = (value, at) => {
  if (typeof value !== 'string' || !value.startsWith('/')) return [`${at}: ${JSON.stringify(value)} is no path`];
  const segments = value.slice(1).split('/');
  const bad = segments.filter((segment, i) => (segment === '{**}' ? i !== segments.length - 1 : segment !== '{*}' && /[{}*]/.test(segment)));
  return bad.map((segment) => `${at}: ${segment} in ${value}`);
};

const some = (item: Shape): Shape => list(item, { min: 1 });

const source = where(object({ principals: some(principal), ipBlocks: some(range), notIpBlocks: some(range) }), (value: object, at) => (Object.keys(value).length > 0 ? [] : [`${at} is empty`]));
const operation = object({ ports: some(text(/^[1-9][0-9]{0,4}$/)), methods: some(text(/^[A-Z][A-Z-]{0,15}$/)), paths: some(path) }, ['ports']);

const rule = object({ from: list(object({ source }, ['source']), { min: 1, max: 512 }), to: some(object({ operation }, ['operation'])) }, ['to']);

const label = text(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/);
const target = object({ group: oneOf(''), kind: oneOf('Service'), name: text(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/) }, ['group', 'kind', 'name']);

interface Spec {
  readonly selector?: { readonly matchLabels: object };
  readonly targetRefs?: readonly object[];
  readonly rules?: readonly object[];
}

/** Either for some pods or for a Service, and with rules; or nothing at all, which denies all else of its namespace. */
const spec = where(
  object({ selector: object({ matchLabels: map(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, label) }, ['matchLabels']), targetRefs: list(target, { min: 1, max: 16 }), action: oneOf('ALLOW'), rules: list(rule, { min: 1, max: 512 }) }),
  (value: Spec, at) => {
    if (Object.keys(value).length === 0) return [];
    const isEmpty = value.selector !== undefined && Object.keys(value.selector.matchLabels).length === 0;
    return [
      ...((value.selector === undefined) === (value.targetRefs === undefined) ? [`${at} has not one of selector and targetRefs`] : []),
      ...(isEmpty ? [`${at}.selector picks everybody`] : []),
      ...(value.rules === undefined ? [`${at}.rules is missing`] : []),
    ];
  },
);

const policy = object({ apiVersion: oneOf('security.istio.io/v1'), kind: oneOf('AuthorizationPolicy'), metadata, spec }, ['apiVersion', 'kind', 'metadata', 'spec']);

/** Why it would be refused; nothing for a good one. */
export function istioProblems(value: unknown): readonly string[] {
  return policy(value, 'policy');
}
