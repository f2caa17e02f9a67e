import { parseCidr } from '../../src/model/address.ts';
import { parseSelector } from './calico-selector.ts';
import { either, integer, list, metadata, object, oneOf, text, where, type Shape } from './shape.ts';

/**
 * What Calico takes of a NetworkPolicy and a StagedNetworkPolicy (projectcalico.org/v3), by the reference of its resources and
 * what its validation refuses; only what a policy of ours may hold is known here.
 */

const selector: Shape = (value, at) => {
  try {
    parseSelector(String(value));
    return [];
  } catch (error) {
    return [`${at}: ${String(error)}`];
  }
};

const range: Shape = (value, at) => (typeof value === 'string' && parseCidr(value)?.text === value ? [] : [`${at}: ${JSON.stringify(value)} is no range`]);
const hole: Shape = (value, at) => (value === '0.0.0.0/0' || value === '::/0' ? [`${at}: ${value} leaves nothing`] : range(value, at));

const portRange: Shape = (value, at) => {
  const [, first, last] = /^([0-9]+):([0-9]+)$/.exec(String(value)) ?? [];
  return first !== undefined && Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65_535 ? [] : [`${at}: ${JSON.stringify(value)}`];
};

const port = either(integer(1, 65_535), portRange, text(/^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/));
const entity = object({ nets: list(range, { min: 1 }), notNets: list(hole, { min: 1 }), selector, namespaceSelector: selector, ports: list(port, { min: 1 }) });

interface Entity {
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly selector?: string;
  readonly namespaceSelector?: string;
  readonly ports?: readonly unknown[];
}

const ICMP_VERSIONS: Readonly<Record<string, number>> = { ICMP: 4, ICMPv6: 6 };

interface Rule {
  readonly protocol?: string;
  readonly ipVersion?: number;
  readonly icmp?: unknown;
  readonly source?: Entity;
  readonly destination?: Entity;
}

const rule = (other: 'source' | 'destination'): Shape =>
  where(
    object(
      { action: oneOf('Allow'), ipVersion: oneOf(4, 6), protocol: oneOf('TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'), icmp: object({ type: integer(0, 254) }), source: entity, destination: entity },
      ['action'],
    ),
    ({ protocol, ipVersion, icmp, source = {}, destination = {} }: Rule, at) => {
      const nets = [source, destination].flatMap((one) => [...(one.nets ?? []), ...(one.notNets ?? [])]);
      const peer = { source, destination }[other];
      return [
        ...(new Set(nets.map((net) => net.includes(':'))).size > 1 ? [`${at}: both families in one rule`] : []),
        ...(ipVersion !== undefined && nets.some((net) => net.includes(':') !== (ipVersion === 6)) ? [`${at}: ranges of another family`] : []),
        ...(ipVersion === ICMP_VERSIONS[protocol ?? ''] && (icmp === undefined) === (ipVersion === undefined) ? [] : [`${at}: ${protocol} of version ${ipVersion}, ${JSON.stringify(icmp)}`]),
        ...(source.ports === undefined ? [] : [`${at}: ports of the source`]),
        ...(destination.ports !== undefined && protocol === undefined ? [`${at}: ports without a protocol`] : []),
        // What a rule does not name is anybody; both of selector and nets must hold, and nobody is in both.
        ...(peer.nets === undefined && peer.selector === undefined && peer.namespaceSelector === undefined ? [`${at} names everybody`] : []),
        ...(peer.nets !== undefined && (peer.selector ?? peer.namespaceSelector) !== undefined ? [`${at}: a range and a selector at once`] : []),
      ];
    },
  );

const types = list(oneOf('Ingress', 'Egress'), { min: 1, max: 2 });
const common = { tier: oneOf('default'), order: integer(0, 1_000_000), selector, types, ingress: list(rule('source')), egress: list(rule('destination')) };
const required = ['tier', 'order', 'selector', 'types'];

interface Policy {
  readonly metadata: { readonly name: string };
}

/** In the default tier a name has no dot, or begins with the tier's name. */
const named = (shape: Shape): Shape => where(shape, (value: Policy, at) => (/^(default\.[^.].*|[^.]+)$/.test(value.metadata.name) ? [] : [`${at}: ${value.metadata.name} would be in another tier`]));
const top = ['apiVersion', 'kind', 'metadata', 'spec'];
const policy = named(object({ apiVersion: oneOf('projectcalico.org/v3'), kind: oneOf('NetworkPolicy'), metadata, spec: object(common, required) }, top));
const staged = named(object({ apiVersion: oneOf('projectcalico.org/v3'), kind: oneOf('StagedNetworkPolicy'), metadata, spec: object({ stagedAction: oneOf('Set'), ...common }, ['stagedAction', ...required]) }, top));

export const calicoProblems = (value: unknown): readonly string[] => ((value as { readonly kind?: unknown }).kind === 'NetworkPolicy' ? policy : staged)(value, 'policy');
