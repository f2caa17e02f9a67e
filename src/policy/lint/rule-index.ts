import { addressText, parseCidr } from '../../model/address.ts';
import { NAMESPACE_NAME } from '../../model/labels.ts';
import type { PolicyPeer } from '../../model/policy.ts';
import type { LabelSelector } from '../../model/selector.ts';
import { requirementsOf } from './contain.ts';
import type { Effort } from './effort.ts';
import type { Subject, SubjectRule } from './subject.ts';

/** A rule with its place among those of its namespace. */
export interface PlacedRule {
  readonly subject: Subject;
  readonly rule: SubjectRule;
  /** In the order of the files. */
  readonly place: number;
}

const ANYTHING = '*';

/**
 * Rules of the policies of a namespace, by one thing that each of their peers asks for: whoever looks for rules that hold another
 * one need not look at those that ask for something else.
 */
export class RuleIndex {
  readonly #byAnchor = new Map<string, PlacedRule[]>();
  readonly #namespace: string;

  constructor(namespace: string, subjects: readonly Subject[]) {
    this.#namespace = namespace;
    let place = 0;
    for (const subject of subjects) {
      for (const rule of subject.rules) {
        const placed = { subject, rule, place: place++ };
        const anchors = rule.peers.length === 0 ? [ANYTHING] : rule.peers.map((peer) => anchorOf(peer, namespace));
        for (const anchor of new Set(anchors)) {
          const own = this.#byAnchor.get(anchor);
          if (own === undefined) this.#byAnchor.set(anchor, [placed]);
          else own.push(placed);
        }
      }
    }
  }

  /** All rules that could hold this one, and some that do not, in the order of the files; none where they are more than may be looked at. */
  around({ peers: [first] }: SubjectRule, effort: Effort): readonly PlacedRule[] {
    const anchors = first === undefined ? [ANYTHING] : [ANYTHING, ...anchorsAround(first, this.#namespace)];
    const found = anchors.map((anchor) => this.#byAnchor.get(anchor) ?? []);
    if (!effort.spend(found.reduce((sum, { length }) => sum + length, 0))) return [];
    return [...new Set(found.flat())].toSorted((a, b) => a.place - b.place);
  }
}

/** What a peer asks for, and so must whatever it holds. */
function anchorOf({ podSelector = {}, namespaceSelector, ipBlock }: PolicyPeer, own: string): string {
  if (ipBlock !== undefined) return `block ${parseCidr(ipBlock.cidr)?.text ?? ''}`;
  return [...labels('pod', podSelector), ...namespaceAnchors(namespaceSelector, own)][0] ?? ANYTHING;
}

function anchorsAround({ podSelector = {}, namespaceSelector, ipBlock }: PolicyPeer, own: string): readonly string[] {
  if (ipBlock === undefined) return [...labels('pod', podSelector), ...namespaceAnchors(namespaceSelector, own)];
  const cidr = parseCidr(ipBlock.cidr);
  if (cidr === null) return [];
  const width = cidr.family === 4 ? 32n : 128n;
  return Array.from({ length: cidr.bits + 1 }, (_, bits) => {
    const host = width - BigInt(bits);
    return `block ${addressText(cidr.family, (cidr.base >> host) << host)}/${bits}`;
  });
}

function namespaceAnchors(selector: LabelSelector | undefined, own: string): readonly string[] {
  return labels('namespace', selector ?? { matchLabels: { [NAMESPACE_NAME]: own } });
}

function labels(of: 'pod' | 'namespace', selector: LabelSelector): readonly string[] {
  return requirementsOf(selector).flatMap(({ key, operator, values }) => (operator === 'In' && values.length === 1 ? [`${of} ${key}=${values[0]}`] : []));
}
