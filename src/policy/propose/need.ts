import { groupBy } from '../../model/group.ts';
import type { RulePeer, Widening } from '../../model/proposal.ts';
import type { PolicyProtocol } from '../evaluate/evaluate.ts';
import type { WireEdge } from './wire.ts';

/** A peer at a port that a policy must let through: one cell of the table that its rules are made of. */
export interface Need {
  readonly whom: RulePeer;
  /** A name where its number differs between the destination's pods. */
  readonly port: number | string;
  readonly protocol: PolicyProtocol;
  /** None where it is a widening alone. */
  readonly edges: readonly WireEdge[];
  readonly widenings: readonly Widening[];
}

export interface Needs {
  readonly needs: readonly Need[];
  readonly notes: readonly string[];
}

/** Needs of one peer that stands for those of all of these: one a port, with what is wider there. */
export function mergedByPort(whom: RulePeer, needs: readonly Need[], wider: (port: string, own: readonly Need[]) => readonly Widening[] = () => []): readonly Need[] {
  return [...groupBy(needs, portText)].flatMap(([text, own]): readonly Need[] => {
    const [first] = own;
    if (first === undefined) return [];
    const { port, protocol } = first;
    return [{ whom, port, protocol, edges: own.flatMap(({ edges }) => edges), widenings: [...own.flatMap(({ widenings }) => widenings), ...wider(text, own)] }];
  });
}

export function portText({ port, protocol }: Need): string {
  return `${port}/${protocol}`;
}
