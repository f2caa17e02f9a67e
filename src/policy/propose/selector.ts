import { isRevisionLabel, type Labels } from '../../model/labels.ts';
import { isEmptySelector, selectorMatches, type LabelSelector } from '../../model/selector.ts';
import type { Member, Roster } from '../roster.ts';

export type ChosenSelector = { readonly selector: LabelSelector; readonly notes: readonly string[] } | { readonly selector: null; readonly reason: string };

/** Keys that people use to say what a pod is, the most telling first. */
const TELLING = ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/component', 'app', 'k8s-app', 'name', 'component', 'role', 'tier'];

/** Says which release, not which workload: used only where nothing else tells two workloads apart. */
const VERSION = 'version';

/** More labels than these are tried only all together. */
const MAX_TRIED = 12;

/** A member belongs to one roster; every rule that names it asks anew. */
const chosen = new WeakMap<Member, ChosenSelector>();

/**
 * The selector that picks exactly a workload's pods: the owner's own, if it does; else the smallest set of stable labels that
 * does. It is checked against everybody else in the namespace; where nothing fits there is none, with the reason.
 */
export function chooseSelector(member: Member, roster: Roster): ChosenSelector {
  let known = chosen.get(member);
  if (known === undefined) chosen.set(member, (known = choose(member, roster)));
  return known;
}

function choose(member: Member, roster: Roster): ChosenSelector {
  if (member.standIns.length === 0) return { selector: null, reason: 'no labels of its pods are known; give an inventory (--inventory)' };
  const fits = (selector: LabelSelector): boolean =>
    !isEmptySelector(selector) &&
    member.standIns.every(({ labels }) => selectorMatches(selector, labels)) &&
    roster.matching.selected(selector, member.peer.namespace).every((other) => other === member || other.gone);
  const notes = member.knownBy === 'records' ? ['selector proved by the labels of records alone: no inventory was given'] : [];
  const own = member.fact?.selector ?? null;
  if (own !== null && !usesRevision(own) && fits(own)) return { selector: own, notes };
  const common = commonLabels(member.standIns.map(({ labels }) => labels)).filter(([key]) => !isRevisionLabel(key));
  const stable = common.filter(([key]) => key !== VERSION);
  const found = smallest(stable, fits);
  if (found !== null) return { selector: found, notes };
  const version = common.filter(([key]) => key === VERSION);
  // With the version goes the label that says what it is a version of.
  const withVersion = version.length > 0 ? smallest(stable, (selector) => fits(withLabels(selector, version))) : null;
  if (withVersion !== null) {
    return { selector: withLabels(withVersion, version), notes: [...notes, 'selector names the version: nothing else tells this workload from its neighbours, so a new version needs a new policy'] };
  }
  const reason = common.length === 0 ? 'its pods have no stable label' : 'its pods have no label that tells them from those of other workloads';
  return { selector: null, reason };
}

function usesRevision({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)].some(isRevisionLabel);
}

/** Labels that all of these sets have, the most telling keys first. */
function commonLabels(sets: readonly Labels[]): readonly (readonly [string, string])[] {
  const [first = new Map<string, string>(), ...rest] = sets;
  const rank = (key: string): number => (TELLING.includes(key) ? TELLING.indexOf(key) : TELLING.length + (key === VERSION ? 0 : 1));
  return [...first]
    .filter(([key, value]) => rest.every((labels) => labels.get(key) === value))
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function withLabels(selector: LabelSelector, labels: readonly (readonly [string, string])[]): LabelSelector {
  return { matchLabels: { ...selector.matchLabels, ...Object.fromEntries(labels) } };
}

/** The smallest subset that fits: one label, two, three, then all. */
function smallest(labels: readonly (readonly [string, string])[], fits: (selector: LabelSelector) => boolean): LabelSelector | null {
  const tried = labels.slice(0, MAX_TRIED);
  for (let size = 1; size <= 3; size++) {
    for (const subset of subsets(tried, size)) {
      const selector = { matchLabels: Object.fromEntries(subset) };
      if (fits(selector)) return selector;
    }
  }
  const all = { matchLabels: Object.fromEntries(labels) };
  return labels.length > 3 && fits(all) ? all : null;
}

function* subsets<T>(items: readonly T[], size: number, from = 0): Generator<readonly T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - size; i++) for (const rest of subsets(items, size - 1, i + 1)) yield [items[i] as T, ...rest];
}
