import { isMap, isSeq, type Document } from 'yaml';
import type { RenderedFile } from '../exporter.ts';
import type { Proof, Proposal, Widening } from '../model/proposal.ts';
import { validatePolicy } from '../policy/validate/validate.ts';
import { printDocument, yamlDocument } from './yaml.ts';

/** What all forms of policies have in common: their names, the evidence in their comments, and how they are written. */

export const MANAGED = { 'app.kubernetes.io/managed-by': 'footpath' } as const;

export interface PolicyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** Lines that stand above the items of lists within `spec`, by the name of the list. */
export type RuleComments = ReadonlyMap<string, readonly string[]>;

/** A selector is the same in whatever order its labels were found. */
const SORTED: ReadonlySet<string> = new Set(['matchLabels']);

/** The file of one policy, with `head` above all of it; under `fileName` where the form calls the policy otherwise. */
export function policyFile(policy: PolicyObject, head: readonly string[] = [], comments: RuleComments = new Map(), fileName: string = policy.metadata.name): RenderedFile {
  const { namespace } = policy.metadata;
  const document = yamlDocument(policy, SORTED);
  if (head.length > 0) document.commentBefore = asComment(head.join('\n'));
  for (const [list, lines] of comments) commentItems(document, list, lines);
  return { name: `${namespace}__${fileName}.yaml`, content: printDocument(document), object: policy };
}

/** Files in their order; two of one name are an error, for one would replace the other. */
export function sortedFiles(files: readonly RenderedFile[]): readonly RenderedFile[] {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const twice = sorted.find(({ name }, i) => name === sorted[i - 1]?.name);
  if (twice !== undefined) throw new Error(`two policies are written to ${twice.name}: one would replace the other`);
  return sorted;
}

/** Every form says what a NetworkPolicy says, in names, labels, ranges and ports that an API server takes. */
export function requireValid({ policy }: Pick<Proposal, 'policy'>): void {
  const { problems, warnings } = validatePolicy(policy);
  const [problem] = [...problems, ...warnings];
  if (problem !== undefined) throw new Error(`policy ${policy.metadata.namespace}/${policy.metadata.name} is invalid: ${problem.field} ${problem.message}`);
}

/** What a form says of its own: how its proof was made, and what it allows beyond the proposal. */
interface FormHead {
  readonly proof?: string;
  readonly beyond?: readonly Widening[];
  readonly notes?: readonly string[];
  readonly writesEchoes?: boolean;
}

/** What stands above a policy: its proof, what it leaves alone, and what a reader should know. */
export function headOf({ proof, leftAlone, notes, echoes }: Proposal, form: FormHead = {}): readonly string[] {
  const answered = new Set(form.writesEchoes === true ? echoes.flatMap((echo) => echo.notes) : []);
  return [
    provedLine(proof, form),
    ...leftAlone.map(({ direction, reason }) => `${direction} is left alone: ${reason}`),
    ...[...new Set([...notes.filter((note) => !answered.has(note)), ...(form.notes ?? [])])].map((note) => `note: ${note}`),
  ];
}

/** What a policy was proved to keep, and what it allows beyond that. */
export function provedLine(proof: Pick<Proof, 'acceptedEdges' | 'excess' | 'excessCount'>, form: FormHead = {}): string {
  const kept = ['has no accepted edge to keep', 'keeps the one accepted edge', 'keeps both accepted edges'][proof.acceptedEdges] ?? `keeps all ${proof.acceptedEdges} accepted edges`;
  return `proved${form.proof === undefined ? '' : ` ${form.proof}`}: ${kept}; allows ${beyondOf(proof, form.beyond ?? [])}`;
}

/** What forms that hold no DNS names say where records gave some. */
export function namelessNotes({ rules }: Proposal): readonly string[] {
  const isNamed = rules.some(({ direction, whom }) => direction === 'egress' && whom.some((peer) => peer.type === 'addresses' && peer.names.length > 0));
  return isNamed ? ['outside destinations are named by the addresses that were seen: this form holds no DNS names, --as cilium does'] : [];
}

function beyondOf({ excess, excessCount }: Pick<Proof, 'excess' | 'excessCount'>, more: readonly Widening[]): string {
  const unlisted = excessCount - excess.length;
  const all = [...new Set([...excess, ...more.map(({ reason, beyond }) => `${reason}: ${beyond}`), ...(unlisted > 0 ? [`and ${unlisted} more`] : [])])];
  return all.length === 0 ? 'nothing else' : `beyond them: ${all.join('; ')}`;
}

function commentItems(document: Document, list: string, lines: readonly string[]): void {
  const items = document.getIn(['spec', list]);
  if (!isSeq(items)) return;
  for (const [i, line] of lines.entries()) {
    const item = items.items[i];
    if (isMap(item)) item.commentBefore = asComment(line);
  }
}

/** Comments come from names that were checked; still, none of them may end its line. */
function asComment(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.split('\n').map((line) => ` ${line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, ' ')}`).join('\n');
}
