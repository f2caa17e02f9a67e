import { toYaml } from '../../export/yaml.ts';
import type { Direction, ProposedRule } from '../../model/proposal.ts';
import type { RuleChange } from '../../policy/outlook.ts';
import type { Line } from './lines.ts';

const INDENT = 4;

/** A rule as it stands in a NetworkPolicy. */
export function ruleYaml({ direction, peers, ports }: Pick<ProposedRule, 'direction' | 'peers' | 'ports'>): readonly Line[] {
  return blocks(direction, peers.map((peer) => [peer, ' ']), ports.map((port) => [port, ' ']), ' ');
}

/** A rule with `+` and `-` before what a change brings and takes. */
export function changeYaml(direction: Direction, { before, after }: RuleChange): readonly Line[] {
  const mark = before === null ? '+' : after === null ? '-' : ' ';
  return blocks(direction, marked(before?.peers ?? [], after?.peers ?? []), marked(before?.ports ?? [], after?.ports ?? []), mark);
}

type Mark = '+' | '-' | ' ';

function marked(before: readonly object[], after: readonly object[]): readonly (readonly [object, Mark])[] {
  const [old, made] = [before, after].map((all) => new Set(all.map((one) => JSON.stringify(one)))) as [Set<string>, Set<string>];
  return [
    ...before.filter((one) => !made.has(JSON.stringify(one))).map((one) => [one, '-'] as const),
    ...after.map((one) => [one, old.has(JSON.stringify(one)) ? ' ' : '+'] as const),
  ];
}

function blocks(direction: Direction, peers: readonly (readonly [object, Mark])[], ports: readonly (readonly [object, Mark])[], mark: Mark): readonly Line[] {
  const item = ([value, own]: readonly [object, Mark]): readonly Line[] => toYaml([value]).trimEnd().split('\n').map((text) => line(own, `  ${text}`));
  return [line(mark, direction === 'ingress' ? '- from:' : '- to:'), ...peers.flatMap(item), line(mark, '  ports:'), ...ports.flatMap(item)];
}

function line(mark: Mark, text: string): Line {
  const tone = mark === '+' ? { tone: 'added' as const } : mark === '-' ? { tone: 'removed' as const } : {};
  return { text: `${mark} ${text}`, indent: INDENT, ...tone };
}
