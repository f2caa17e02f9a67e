import { NAMESPACE_NAME } from '../../model/labels.ts';
import { isEmptySelector } from '../../model/selector.ts';
import { requirementsOf, selectorWords } from './contain.ts';
import { everybody, type LintRule } from './rule.ts';

/** Whom rules let in that they surely were not written for. */

export const noPeers: LintRule = {
  name: 'no-peers',
  summary: 'a rule without peers, or with an empty list of them: everybody',
  why: 'No from (or to), and an empty one, mean every pod of every namespace and every address, not nobody. To let nobody in, write no rule. To let everybody outside in and no pod, write an ipBlock of 0.0.0.0/0 with the pods’ ranges as exceptions.',
  *find({ rules }) {
    for (const { direction, field, peersField, peers, ports } of rules) {
      if (peers.length > 0) continue;
      const name = direction === 'ingress' ? 'from' : 'to';
      if (ports.length === 0) yield { field, message: `the rule is empty: ${everybody(direction)}, at every port; name peers and ports, or write no rule if nobody is meant` };
      else yield { field: peersField, message: `no ${name}, or an empty one, means everybody: ${everybody(direction)} at these ports; name peers` };
    }
  },
};

export const anyNamespace: LintRule = {
  name: 'any-namespace',
  summary: 'an empty namespaceSelector: the pods of every namespace',
  why: 'namespaceSelector: {} matches every namespace, those of other teams and of the cluster itself too, today’s and tomorrow’s. Name namespaces by kubernetes.io/metadata.name, which each has; for the policy’s own, leave namespaceSelector out.',
  *find({ policy, rules }) {
    for (const { peersField, peers } of rules) {
      for (const [i, { namespaceSelector, podSelector }] of peers.entries()) {
        if (namespaceSelector === undefined || !isEmptySelector(namespaceSelector)) continue;
        const who = selectorWords(podSelector ?? {}, 'every pod');
        yield { field: `${peersField}[${i}].namespaceSelector`, message: `is empty, and so means ${who} of every namespace; name namespaces by ${NAMESPACE_NAME}, or leave it out for ${policy.metadata.namespace} alone` };
      }
    }
  },
};

export const splitPeer: LintRule = {
  name: 'split-peer',
  summary: 'namespaceSelector and podSelector as two peers, where one with both was surely meant',
  why: 'Two elements of a list are alternatives: every pod of those namespaces, and also those pods of the policy’s own namespace. Pods of certain namespaces are one element with both selectors: take the dash before the second one away.',
  *find({ policy, rules }, { world: { matching } }) {
    const { namespace } = policy.metadata;
    for (const { peersField, peers } of rules) {
      for (const [i, peer] of peers.entries()) {
        const next = peers[i + 1];
        if (next === undefined) continue;
        const [namespaces, pods] = [peer, next].toSorted((a) => (a.namespaceSelector === undefined ? 1 : -1));
        if (namespaces?.namespaceSelector === undefined || namespaces.podSelector !== undefined || isEmptySelector(namespaces.namespaceSelector)) continue;
        if (pods?.podSelector === undefined || pods.namespaceSelector !== undefined || isEmptySelector(pods.podSelector)) continue;
        // Where such pods are in the policy's own namespace, and in none of those, each peer says what was meant.
        const together = { namespaceSelector: namespaces.namespaceSelector, podSelector: pods.podSelector };
        if (matching !== null && matching.matched(pods, namespace).size > 0 && matching.matched(together, namespace).size === 0) continue;
        yield {
          field: `${peersField}[${i + 1}]`,
          message: `are two peers: every pod of the namespaces with ${selectorWords(namespaces.namespaceSelector, '')}, and ${selectorWords(pods.podSelector, '')} of ${namespace}; if those pods of those namespaces are meant, make them one element`,
        };
      }
    }
  },
};

/** Labels that people believe namespaces to have. */
const SUPPOSED: ReadonlySet<string> = new Set(['name', 'namespace', 'kubernetes.io/name', 'app.kubernetes.io/name']);

export const namespaceLabel: LintRule = {
  name: 'namespace-label',
  summary: 'a namespaceSelector by a label such as name, which namespaces do not have by themselves',
  why: `The one label that every namespace has is ${NAMESPACE_NAME}, set by the API server. name and its like are there only if somebody put them there, and a selector by them matches nothing otherwise, in silence.`,
  *find({ rules }, { world: { namespaces } }) {
    for (const { peersField, peers } of rules) {
      for (const [i, { namespaceSelector = {} }] of peers.entries()) {
        for (const { key, operator } of requirementsOf(namespaceSelector)) {
          if (!SUPPOSED.has(key) || operator === 'NotIn' || operator === 'DoesNotExist') continue;
          if ([...namespaces.values()].some((labels) => labels.has(key))) continue;
          const known = namespaces.size > 0 ? 'no known namespace has it' : 'namespaces have it only if somebody put it there';
          yield { field: `${peersField}[${i}].namespaceSelector`, message: `asks for the label ${key}: ${known}; use ${NAMESPACE_NAME}, which every namespace has` };
        }
      }
    }
  },
};
