import { describe, expect, it } from 'vitest';
import { changeYaml, ruleYaml } from '../../../src/cli/review/rule-yaml.ts';
import type { PolicyPeer, PolicyPort } from '../../../src/model/policy.ts';
import type { ProposedRule } from '../../../src/model/proposal.ts';

const app = (name: string): PolicyPeer => ({ podSelector: { matchLabels: { app: name } } });
const port = (n: number): PolicyPort => ({ port: n, protocol: 'TCP' });
const rule = (peers: readonly PolicyPeer[], ports: readonly PolicyPort[] = [port(80)]): ProposedRule => ({ direction: 'ingress', whom: [], peers, ports, edges: ['a'], widenings: [], comment: '' });
const text = (lines: readonly { readonly text: string }[]): readonly string[] => lines.map((line) => line.text);

describe('a rule as YAML', () => {
  it('is what stands in the policy', () => {
    expect(text(ruleYaml(rule([app('web')])))).toEqual(['  - from:', '    - podSelector:', '        matchLabels:', '          app: web', '    ports:', '    - port: 80', '      protocol: TCP']);
  });

  it('is under `to` where it is for egress', () => {
    expect(text(ruleYaml({ ...rule([app('web')]), direction: 'egress' }))[0]).toBe('  - to:');
  });

  it('names no port where it is for all of them', () => {
    expect(text(ruleYaml(rule([app('web')], [])))).toEqual(['  - from:', '    - podSelector:', '        matchLabels:', '          app: web']);
  });

  it('quotes what YAML would take for something else', () => {
    expect(text(ruleYaml(rule([app('yes')])))).toContain('          app: "yes"');
  });
});

describe('a change of a rule as YAML', () => {
  const marks = (lines: readonly { readonly text: string; readonly tone?: string }[]): readonly string[] => lines.filter((line) => line.text[0] !== ' ').map((line) => `${line.text.trim()} ${line.tone}`);

  it('is all new, or all gone', () => {
    expect(changeYaml('ingress', { before: null, after: rule([app('web')]) }).every((line) => line.text.startsWith('+ ') && line.tone === 'added')).toBe(true);
    expect(changeYaml('ingress', { before: rule([app('web')]), after: null }).every((line) => line.text.startsWith('- ') && line.tone === 'removed')).toBe(true);
  });

  it('marks the peers and the ports that come and go, and no others', () => {
    const lines = changeYaml('ingress', { before: rule([app('old'), app('web')], [port(80)]), after: rule([app('new'), app('web')], [port(80), port(81)]) });
    expect(marks(lines)).toEqual([
      '-   - podSelector: removed', '-       matchLabels: removed', '-         app: old removed',
      '+   - podSelector: added', '+       matchLabels: added', '+         app: new added',
      '+   - port: 81 added', '+     protocol: TCP added',
    ]);
  });

  it('counts what stays, where that is much', () => {
    const many = Array.from({ length: 40 }, (_, i) => app(`w${i}`));
    const lines = text(changeYaml('ingress', { before: rule(many), after: rule([...many, app('new')]) }));
    expect(lines).toContain('    # 37 more, as before');
    expect(lines.filter((line) => line.includes('app:'))).toEqual(['          app: w0', '          app: w1', '          app: w2', '+         app: new']);
  });
});
