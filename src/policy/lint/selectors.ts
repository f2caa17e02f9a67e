import { isRevisionLabel } from '../../model/labels.ts';
import { peerName } from '../../model/peer.ts';
import type { PolicyPeer } from '../../model/policy.ts';
import { isEmptySelector, selectorMatches, type LabelSelector } from '../../model/selector.ts';
import { isImpossible, requirementsOf, selectorWords } from './contain.ts';
import type { LintRule } from './rule.ts';
import type { Subject } from './subject.ts';

/** Whom selectors pick, and whom they do not. */

interface Selecting {
  readonly field: string;
  readonly selector: LabelSelector;
  /** As which peer the pods are named; the policy's own are those of its namespace. */
  readonly peer: PolicyPeer;
}

function without({ matchLabels = {}, matchExpressions = [] }: LabelSelector, key: string): LabelSelector {
  return { matchLabels: Object.fromEntries(Object.entries(matchLabels).filter(([own]) => own !== key)), matchExpressions: matchExpressions.filter((one) => one.key !== key) };
}

/** All selectors of pods in a policy: its own and its peers'. */
function podSelectors({ policy, rules }: Subject): readonly Selecting[] {
  const own = { field: 'spec.podSelector', selector: policy.spec.podSelector, peer: {} };
  return [own, ...peersOf(rules).flatMap(({ field, peer }) => (peer.podSelector === undefined ? [] : [{ field: `${field}.podSelector`, selector: peer.podSelector, peer }]))];
}

function peersOf(rules: Subject['rules']): readonly { readonly field: string; readonly peer: PolicyPeer }[] {
  return rules.flatMap(({ peersField, peers }) => peers.map((peer, i) => ({ field: `${peersField}[${i}]`, peer })));
}

export const selectsEverything: LintRule = {
  name: 'selects-everything',
  summary: 'an empty podSelector over rules: they open every pod of the namespace',
  why: 'podSelector: {} is every pod of the namespace, and rules open what they name at all of them: the database is as open as the web server. That is right for a default deny, which has no rules; for others, select the pods that serve.',
  *find({ policy, rules }) {
    if (rules.length === 0 || !isEmptySelector(policy.spec.podSelector)) return;
    yield { field: 'spec.podSelector', message: `is empty, and so means every pod of ${policy.metadata.namespace}: the rules open all of them alike; select the pods that are meant` };
  },
};

export const impossibleSelector: LintRule = {
  name: 'impossible-selector',
  summary: 'a selector whose conditions exclude each other',
  why: 'All conditions of a selector must hold together. One that asks for a label to be two things at once, or there and not there, matches nothing in any cluster.',
  *find(subject) {
    const namespaces = peersOf(subject.rules).flatMap(({ field, peer }) => (peer.namespaceSelector === undefined ? [] : [{ field: `${field}.namespaceSelector`, selector: peer.namespaceSelector }]));
    for (const { field, selector } of [...podSelectors(subject), ...namespaces]) if (isImpossible(selector)) yield { field, message: `matches nothing: ${selectorWords(selector, '')} exclude each other` };
  },
};

export const revisionLabel: LintRule = {
  name: 'revision-label',
  summary: 'a selector by a label that a rollout, a restart or an upgrade changes',
  why: 'pod-template-hash, controller-revision-hash, a chart’s version and their kin are of one revision. After the next rollout the selector matches no pod, and the policy is not there any more, or lets nobody in. version is such a label wherever two versions of a workload take turns. Select by what stays: app, or app.kubernetes.io/name and instance.',
  *find(subject, { world: { matching } }) {
    const tellsApart = ({ peer, selector }: Selecting): boolean => {
      const namespaces = matching?.matched({ ...peer, podSelector: without(selector, 'version') }, subject.policy.metadata.namespace);
      return namespaces !== undefined && namespaces.size > (matching?.matched({ ...peer, podSelector: selector }, subject.policy.metadata.namespace).size ?? 0);
    };
    for (const one of podSelectors(subject)) {
      for (const { key } of requirementsOf(one.selector)) {
        if (isRevisionLabel(key)) yield { field: one.field, message: `asks for ${key}, which the next rollout or upgrade changes: it matches nothing then; select by a label that stays` };
        // Where versions are workloads of their own, it is what tells them apart.
        else if (key === 'version' && !tellsApart(one)) yield { field: one.field, message: 'asks for version: pods of another version are not meant, the next one’s neither; select without it unless that is so' };
      }
    }
  },
};

export const matchesNothing: LintRule = {
  name: 'matches-nothing',
  summary: 'a selector that matches no known pod or namespace',
  why: 'A policy whose podSelector matches nothing protects nothing; a peer that matches nothing lets nobody in. Often a label is misspelled, or the policy is in another namespace than its pods: podSelector picks pods of the policy’s own namespace, and so does a peer without namespaceSelector. It may also be that the pods are yet to come.',
  *find({ policy, rules }, { world: { matching, onHost } }) {
    if (matching === null) return;
    const { namespace } = policy.metadata;
    const { podSelector } = policy.spec;
    const isOnHost = (own: string): boolean => onHost.some(({ peer, standIns }) => peer.namespace === own && standIns.some(({ labels }) => selectorMatches(podSelector, labels)));
    // A default deny is also for pods that are yet to come.
    const isDefaultDeny = isEmptySelector(podSelector) && rules.length === 0;
    if (!isDefaultDeny && matching.selected(podSelector, namespace).length === 0 && !isOnHost(namespace)) {
      const pods = selectorWords(podSelector, '');
      yield { field: 'spec.podSelector', message: `matches nothing: no pod${pods === '' ? '' : ` with ${pods}`} is known in ${namespace}; the policy protects nothing` };
    }
    for (const { field, peer } of peersOf(rules)) {
      if (peer.ipBlock !== undefined || matching.matched(peer, namespace).size > 0) continue;
      const pods = selectorWords(peer.podSelector ?? {}, '');
      const where = peer.namespaceSelector === undefined ? namespace : `namespaces with ${selectorWords(peer.namespaceSelector, 'any labels')}`;
      yield { field, message: `matches nothing: no pod${pods === '' ? '' : ` with ${pods}`} is known in ${where}; the peer lets nobody through` };
    }
  },
};

export const hostNetwork: LintRule = {
  name: 'host-network',
  summary: 'a policy for pods on the host’s network, where policies do not apply',
  why: 'Pods with hostNetwork have their node’s address. NetworkPolicies do not bind them, and selectors of peers do not match what they send: it comes from the node. Protect them on the node; as a peer, name the nodes’ addresses by ipBlock.',
  *find({ policy, rules }, { world: { onHost } }) {
    const { namespace } = policy.metadata;
    const own = onHost.filter(({ peer, standIns }) => peer.namespace === namespace && !isEmptySelector(policy.spec.podSelector) && standIns.some(({ labels }) => selectorMatches(policy.spec.podSelector, labels)));
    if (own.length > 0) yield { field: 'spec.podSelector', message: `selects ${listed(own.map(({ peer }) => peerName(peer)))}, on the host's network: the policy does not bind them` };
    for (const { field, peer } of peersOf(rules)) {
      if (peer.podSelector === undefined || isEmptySelector(peer.podSelector) || peer.namespaceSelector !== undefined) continue;
      const { podSelector } = peer;
      const named = onHost.filter(({ peer: one, standIns }) => one.namespace === namespace && standIns.some(({ labels }) => selectorMatches(podSelector, labels)));
      if (named.length > 0) yield { field, message: `names ${listed(named.map(({ peer: one }) => peerName(one)))}, on the host's network: their traffic comes from the node, and no selector matches it; name the nodes by ipBlock` };
    }
  },
};

/** The first of some names, and how many more. */
export function listed(names: readonly string[]): string {
  const sorted = [...new Set(names)].toSorted();
  return `${sorted.slice(0, 3).join(', ')}${sorted.length > 3 ? ` and ${sorted.length - 3} more` : ''}`;
}
