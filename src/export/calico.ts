import type { Exporter, RenderedFile } from '../exporter.ts';
import { groupBy } from '../model/group.ts';
import type { PolicyPort } from '../model/policy.ts';
import { DEFAULT_DENY, POLICY_TYPE, type EchoRule, type Proposal, type ProposedRule, type RulePeer } from '../model/proposal.ts';
import { namespaceExpression, selectorExpression } from './calico-selector.ts';
import { defaultDenyPolicy } from './kubernetes.ts';
import { headOf, MANAGED, namelessNotes, policyFile, requireValid, sortedFiles, type PolicyObject } from './policy-file.ts';

/**
 * projectcalico.org/v3 policies of the default tier. Staged ones first: Calico logs what they would deny, and denies nothing, so
 * that a person can look before they act.
 */
export const calico: Exporter = {
  name: 'calico',
  description: 'StagedNetworkPolicy, with --enforced NetworkPolicy (projectcalico.org/v3)',
  takes: ['enforced'],
  render({ proposals, defaultDeny }, { enforced = false } = {}) {
    return sortedFiles([...proposals.map((proposal) => renderProposal(proposal, enforced)), ...defaultDeny.map((namespace) => renderDefaultDeny(namespace, enforced))]);
  },
};

/** Where Calico itself puts NetworkPolicies of the Kubernetes API. */
const ORDER = 1000;

const STAGED = 'staged: Calico tells what this would deny, and denies nothing; footpath propose --enforced writes the policy that does';

interface Spec {
  readonly selector: string;
  readonly types: readonly string[];
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

function policyObject(name: string, namespace: string, spec: Spec, enforced: boolean): PolicyObject {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: enforced ? 'NetworkPolicy' : 'StagedNetworkPolicy',
    metadata: { name: tieredName(name), namespace, labels: MANAGED },
    spec: { ...(enforced ? {} : { stagedAction: 'Set' }), tier: 'default', order: ORDER, ...spec },
  };
}

/** What stands before a dot is taken for the tier. */
function tieredName(name: string): string {
  return name.includes('.') ? `default.${name}` : name;
}

function renderDefaultDeny(namespace: string, enforced: boolean): RenderedFile {
  requireValid({ policy: defaultDenyPolicy(namespace) });
  return policyFile(policyObject(DEFAULT_DENY, namespace, { selector: 'all()', types: ['Ingress', 'Egress'] }, enforced), enforced ? [] : [STAGED]);
}

function renderProposal(proposal: Proposal, enforced: boolean): RenderedFile {
  requireValid(proposal);
  const { policy, rules } = proposal;
  const { metadata, spec } = policy;
  const types = spec.policyTypes ?? [];
  const made = new Map(
    (['ingress', 'egress'] as const)
      .filter((direction) => types.includes(POLICY_TYPE[direction]))
      .map((direction) => {
        const echoes = proposal.echoes.filter((echo) => echo.direction === direction);
        return [direction, [...rules.filter((rule) => rule.direction === direction).flatMap((rule) => renderRule(rule, metadata.namespace)), ...echoes.flatMap((echo) => renderEcho(echo, metadata.namespace))]];
      }),
  );
  const objects = Object.fromEntries([...made].map(([direction, own]) => [direction, own.map(({ object }) => object)]));
  const object = policyObject(metadata.name, metadata.namespace, { selector: selectorExpression(spec.podSelector), types, ...objects }, enforced);
  const comments = new Map([...made].map(([direction, own]) => [direction, own.map(({ comment }) => comment)]));
  return policyFile(object, [...headOf(proposal, { proof: 'as a NetworkPolicy', notes: namelessNotes(proposal), writesEchoes: true }), ...(enforced ? [] : [STAGED])], comments, metadata.name);
}

interface CalicoRule {
  readonly object: object;
  readonly comment: string;
}

const ECHO_REQUEST = { ICMP: { ipVersion: 4, type: 8 }, ICMPv6: { ipVersion: 6, type: 128 } } as const;

function renderEcho({ direction, whom, protocol, comment }: EchoRule, namespace: string): readonly CalicoRule[] {
  const { ipVersion, type } = ECHO_REQUEST[protocol];
  const isOfFamily = (entity: { readonly nets?: readonly string[] }): boolean => entity.nets === undefined || entity.nets.some((net) => net.includes(':') === (ipVersion === 6));
  return whomEntities([whom], namespace)
    .filter(isOfFamily)
    .map((entity, i) => ({ object: { action: 'Allow', ipVersion, protocol, icmp: { type }, [direction === 'ingress' ? 'source' : 'destination']: entity }, comment: i === 0 ? comment : 'as above' }));
}

/** A rule of Calico's has one protocol and one kind of peer: all that it names must hold at once. */
function renderRule({ direction, whom, ports, comment }: ProposedRule, namespace: string): readonly CalicoRule[] {
  const protocols = groupBy(ports, ({ protocol = 'TCP' }) => protocol);
  const objects = whomEntities(whom, namespace).flatMap((entity) => {
    if (protocols.size === 0) return [{ action: 'Allow', ...(direction === 'ingress' ? { source: entity } : { destination: entity }) }];
    return [...protocols].map(([protocol, own]) => {
      // A protocol without a port is all its ports.
      const open = own.some(({ port }) => port === undefined) ? {} : { ports: own.map(portText) };
      return { action: 'Allow', protocol, ...(direction === 'ingress' ? { source: entity, destination: open } : { destination: { ...entity, ...open } }) };
    });
  });
  return objects.map((object, i) => ({ object, comment: i === 0 ? comment : 'as above' }));
}

/** Ranges of one family share a rule, unless they have exceptions: those hold for all of it. */
function whomEntities(whom: readonly RulePeer[], namespace: string): readonly object[] {
  const pods = whom.flatMap((peer): readonly object[] => {
    if (peer.type === 'namespace') return [{ namespaceSelector: namespaceExpression(peer.namespace) }];
    if (peer.type !== 'workload') return [];
    const selector = selectorExpression(peer.selector);
    return [peer.workload.namespace === namespace ? { selector } : { selector, namespaceSelector: namespaceExpression(peer.workload.namespace) }];
  });
  const blocks = whom.flatMap((peer) => (peer.type === 'addresses' ? peer.blocks : []));
  const plain = groupBy(blocks.filter(({ except = [] }) => except.length === 0), ({ cidr }) => cidr.includes(':'));
  return [
    ...pods,
    ...[...plain.values()].map((own) => ({ nets: own.map(({ cidr }) => cidr) })),
    ...blocks.flatMap(({ cidr, except = [] }) => (except.length > 0 ? [{ nets: [cidr], notNets: except }] : [])),
  ];
}

/** `8080`, `"8000:8010"`, or a name. */
function portText({ port, endPort }: PolicyPort): number | string | undefined {
  return endPort === undefined || endPort === port ? port : `${port}:${endPort}`;
}
