import { toYaml } from '../../export/yaml.ts';
import { count } from '../text.ts';
import type { Direction, ProposedRule } from '../../model/proposal.ts';
import type { RuleChange } from '../../policy/review/outlook.ts';
import type { Line } from './lines.ts';

const INDENT = 4;
/** Of the peers, and of the ports, that a change leaves as they are, so many are shown; the others are counted. */
const STAYING_SHOWN = 3;

type Mark = '+' | '-' | ' ';

/** A peer or a port of a rule. */
interface Entry {
  readonly value: object;
  readonly mark: Mark;
}

/** A rule as it stands in a NetworkPolicy. */
export function ruleYaml({ direction, peers, ports }: Pick<ProposedRule, 'direction' | 'peers' | 'ports'>): readonly Line[] {
  const asTheyAre = (all: readonly object[]): readonly Line[] => all.flatMap((value) => entry({ value, mark: ' ' }));
  return inRule(direction, ' ', asTheyAre(peers), asTheyAre(ports));
}

/** A rule with `+` and `-` before what a change brings and takes. */
export function changeYaml(direction: Direction, { before, after }: RuleChange): readonly Line[] {
  return inRule(direction, before === null ? '+' : after === null ? '-' : ' ', changes(before?.peers ?? [], after?.peers ?? []), changes(before?.ports ?? [], after?.ports ?? []));
}

function inRule(direction: Direction, mark: Mark, peers: readonly Line[], ports: readonly Line[]): readonly Line[] {
  return [line(mark, direction === 'ingress' ? '- from:' : '- to:'), ...peers, ...(ports.length > 0 ? [line(mark, '  ports:'), ...ports] : [])];
}

function changes(before: readonly object[], after: readonly object[]): readonly Line[] {
  const [old, made] = [before, after].map((all) => new Set(all.map((one) => JSON.stringify(one)))) as [Set<string>, Set<string>];
  const staying = after.filter((value) => old.has(JSON.stringify(value)));
  const hidden = new Set(staying.slice(STAYING_SHOWN));
  const entries = [
    ...before.filter((value) => !made.has(JSON.stringify(value))).map((value): Entry => ({ value, mark: '-' })),
    ...after.filter((value) => !hidden.has(value)).map((value): Entry => ({ value, mark: old.has(JSON.stringify(value)) ? ' ' : '+' })),
  ];
  return [...entries.flatMap(entry), ...(hidden.size > 0 ? [line(' ', `  # ${count(hidden.size)} more, as before`)] : [])];
}

function entry({ value, mark }: Entry): readonly Line[] {
  return toYaml([value])
    .trimEnd()
    .split('\n')
    .map((text) => line(mark, `  ${text}`));
}

function line(mark: Mark, text: string): Line {
  const tone = mark === '+' ? { tone: 'added' as const } : mark === '-' ? { tone: 'removed' as const } : {};
  return { text: `${mark} ${text}`, indent: INDENT, ...tone };
}
