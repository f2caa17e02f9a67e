import type { Direction } from '../../model/proposal.ts';
import type { Effort } from './effort.ts';
import type { RuleIndex } from './rule-index.ts';
import type { Subject } from './subject.ts';
import type { LintWorld } from './world.ts';

/** Something that is legal and surely not meant. One value a rule; `rules.ts` lists them. */
export interface LintRule {
  /** Stable, kebab-case. */
  readonly name: string;
  /** What it finds, in half a line. */
  readonly summary: string;
  /** What happens then, and what to do. */
  readonly why: string;
  find(subject: Subject, around: Surroundings): Iterable<Remark>;
}

export interface Remark {
  /** `spec.ingress[0].from[1]`: as far as the object has it. */
  readonly field: string;
  readonly message: string;
}

export interface Surroundings {
  /** All valid policies of the files, by their namespace, in the order of the files. */
  readonly byNamespace: ReadonlyMap<string, readonly Subject[]>;
  /** All rules of a namespace. */
  readonly ruleIndex: (namespace: string) => RuleIndex;
  readonly world: LintWorld;
  readonly effort: Effort;
}

/** How people read who is at the other end. */
export function everybody(direction: Direction): string {
  return direction === 'ingress' ? 'every pod and every address may connect' : 'every pod and every address may be connected to';
}
