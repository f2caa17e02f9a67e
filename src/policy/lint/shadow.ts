import { isWithin, peerWithin, portWithin, ruleWithin } from './contain.ts';
import { portWords } from './ports.ts';
import type { LintRule } from './rule.ts';
import type { SubjectRule } from './subject.ts';

/** What another part of the policies already says. */

export const shadowedRule: LintRule = {
  name: 'shadowed-rule',
  summary: 'a rule that another rule for the same pods holds already',
  why: 'Rules only add up. One whose peers and ports are all in another rule, of the same policy or of one that selects at least the same pods, changes nothing: taking it out is safe, and narrowing it does nothing. If it was meant to narrow, the wider one has to go.',
  *find(subject, { ruleIndex, effort }) {
    const { policy, rules } = subject;
    const { namespace } = policy.metadata;
    for (const rule of rules) {
      const all = ruleIndex(namespace).around(rule, effort);
      const own = all.find((one) => one.rule === rule)?.place ?? 0;
      const holder = all.find(({ subject: other, rule: wide, place }) => {
        if (wide === rule || wide.direction !== rule.direction || !effort.spend(rule.weight * wide.weight) || !ruleWithin(rule, wide, namespace)) return false;
        if (other !== subject && !isWithin(policy.spec.podSelector, other.policy.spec.podSelector)) return false;
        // Of two that hold each other, the first stays.
        const isMutual = ruleWithin(wide, rule, namespace) && isWithin(other.policy.spec.podSelector, policy.spec.podSelector);
        return !isMutual || place < own;
      });
      if (holder === undefined) continue;
      const whose = holder.subject === subject ? holder.rule.field : `${holder.rule.field} of ${namespace}/${holder.subject.policy.metadata.name}`;
      yield { field: rule.field, message: `changes nothing: ${whose} opens all of it already; take one of them out` };
    }
  },
};

export const shadowedPeer: LintRule = {
  name: 'shadowed-peer',
  summary: 'a peer or a port that another one of the same rule holds already',
  why: 'Peers of a rule are alternatives, and so are its ports. One that is wholly within another one changes nothing; if it was meant to narrow it, they have to be one element.',
  *find({ policy, rules }, { effort }) {
    for (const rule of rules) {
      if (!effort.spend(rule.weight * rule.weight)) continue;
      const peers = within(rule.peers, (narrow, wide) => peerWithin(narrow, wide, policy.metadata.namespace));
      for (const [i, j] of peers) yield { field: `${rule.peersField}[${i}]`, message: `changes nothing: ${rule.peersField}[${j}] holds it already; take one of them out` };
      const ports = within(rule.ports, portWithin);
      for (const [i, j] of ports) yield { field: `${rule.field}.ports[${i}]`, message: `changes nothing: ${words(rule, i)} is in ${words(rule, j)} already; take one of them out` };
    }
  },
};

function words({ ports }: SubjectRule, i: number): string {
  return portWords(ports[i] ?? {});
}

/** Pairs of an item and one that holds it; of two that hold each other, the second is the one held. */
function within<T>(items: readonly T[], isHeld: (narrow: T, wide: T) => boolean): readonly (readonly [number, number])[] {
  return items.flatMap((narrow, i) => {
    const j = items.findIndex((wide, k) => k !== i && isHeld(narrow, wide) && (k < i || !isHeld(wide, narrow)));
    return j < 0 ? [] : [[i, j] as const];
  });
}

export const sameName: LintRule = {
  name: 'same-name',
  summary: 'two policies of one name in one namespace',
  why: 'A cluster keeps one object of a name: whichever file is applied last replaces the other, and what the other one opened or closed is gone. Give them names of their own.',
  *find(subject, { byNamespace }) {
    const { namespace, name } = subject.policy.metadata;
    const first = byNamespace.get(namespace)?.find(({ policy }) => policy.metadata.name === name);
    if (first !== subject) yield { field: 'metadata.name', message: `another policy of these files is called ${namespace}/${name}: the one that is applied last replaces it; rename one` };
  },
};
