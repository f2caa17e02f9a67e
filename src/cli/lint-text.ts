import type { BrokenDocument, LocatedObject } from '../kubernetes/located.ts';
import { groupBy, largest } from '../model/group.ts';
import { isLinted, type Finding, type Linted, type LintSeverity } from '../policy/lint/lint.ts';
import type { Context } from './context.ts';
import { nameOf } from './policies.ts';
import { count, plain, plural, styleFor } from './text.ts';
import { wrapped } from './wrap.ts';

/** A finding where it stands. */
export interface LocatedFinding {
  readonly rule: string;
  readonly severity: LintSeverity;
  readonly file: string;
  readonly line: number | null;
  /** Null of what cannot be read. */
  readonly policy: string | null;
  readonly field: string | null;
  readonly message: string;
}

/** By file in the order of reading, then by line. */
export function located(findings: readonly Finding[], objects: readonly LocatedObject[], broken: readonly BrokenDocument[]): readonly LocatedFinding[] {
  const all: LocatedFinding[] = findings.flatMap(({ object, field, ...rest }) => {
    const at = objects[object];
    return at === undefined ? [] : [{ ...rest, file: at.file, line: at.lineOf(field), field: field === '' ? null : field }];
  });
  for (const one of objects.filter(isLinted)) {
    for (const { key, line } of one.repeated) all.push({ rule: 'repeated-key', severity: 'error', file: one.file, line, policy: nameOf(one.object), field: key, message: 'stands twice in its map: one of the two values is lost; join them' });
  }
  for (const { file, line, message } of broken) all.push({ rule: 'unreadable', severity: 'error', file, line, policy: null, field: null, message });
  const byFile = [...groupBy(all, ({ file }) => file)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return byFile.flatMap(([, own]) => own.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)));
}

const FINDINGS = 60;
const WIDTH = 80;

interface Counts {
  readonly files: number;
  readonly policies: number;
  readonly wide: boolean;
}

/** Findings by file. The first line answers the question; of many, the errors are shown first. */
export function lintText(context: Context, findings: readonly LocatedFinding[], { files, policies, wide }: Counts): string {
  const of = (severity: LintSeverity): readonly LocatedFinding[] => findings.filter((one) => one.severity === severity);
  const [errors, warnings] = [of('error'), of('warning')];
  const told = findings.length === 0 ? 'nothing found' : [...(errors.length > 0 ? [plural(errors.length, 'error')] : []), ...(warnings.length > 0 ? [plural(warnings.length, 'warning')] : [])].join(', ');
  let text = `${plural(policies, 'policy', 'policies')} in ${plural(files, 'file')}: ${told}\n`;
  const chosen = new Set(wide ? findings : [...errors, ...warnings].slice(0, FINDINGS));
  const style = styleFor(context.stdout, context.env);
  for (const [file, own] of groupBy(findings.filter((one) => chosen.has(one)), (one) => one.file)) {
    text += `\n${plain(file)}\n`;
    const width = largest(own.map(({ line }) => String(line ?? '').length));
    for (const { line, severity, rule, policy, field, message } of own) {
      const paint = severity === 'error' ? style.red : style.yellow;
      text += `  ${String(line ?? '').padStart(width)}  ${paint(severity)}  ${rule}${policy === null ? '' : `  ${plain(policy)}`}\n`;
      text += `${wrapped(`${' '.repeat(width + 4)}${field === null ? '' : `${field}: `}${message}`, wide ? Number.POSITIVE_INFINITY : WIDTH, ' '.repeat(width + 4))}\n`;
    }
  }
  if (chosen.size < findings.length) text += `\nand ${count(findings.length - chosen.size)} more (-o wide)\n`;
  return text;
}

/** Commands of a GitHub workflow: each finding is shown at its line. */
export function annotations(findings: readonly LocatedFinding[]): string {
  const data = (text: string): string => plain(text).replaceAll('%', '%25');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return findings
    .map(({ severity, file, line, rule, policy, field, message }) => {
      const where = line === null ? '' : `,line=${line}`;
      return `::${severity} file=${property(file)}${where},title=${property(rule)}::${data([policy, field, message].filter((part) => part !== null).join(': '))}\n`;
    })
    .join('');
}

/** The JSON that others rely on. Additions are welcome; changes are breaking. */
export function lintJson(findings: readonly LocatedFinding[], { policies, notLinted }: Linted, { files, database }: { readonly files: number; readonly database: string | null }): object {
  const of = (severity: LintSeverity): number => findings.filter((one) => one.severity === severity).length;
  return { files, policies, errors: of('error'), warnings: of('warning'), database, findings: findings.map(({ rule, severity, file, line, policy, field, message }) => ({ rule, severity, file, line, policy, field, message })), notLinted };
}
