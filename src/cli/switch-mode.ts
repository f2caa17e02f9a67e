import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { EVERYTHING, scopeHolds, scopeName, type Mode, type Scope } from '../model/decision.ts';
import { isLabelName, isSubdomain } from '../model/names.ts';
import type { Context } from './context.ts';
import { addSignatureOptions, signatureOf, type SignatureOptions } from './signature.ts';
import { plural } from './text.ts';

/** `learn` and `watch` differ in the mode alone. */
export function defineSwitch(command: Command, mode: Mode, run: (work: (context: Context) => Promise<number>) => Promise<void>): void {
  addSignatureOptions(command.argument('[workloads...]', 'workloads, as namespace/name; or -n for a namespace, -A for all, present and future')).action(
    (workloads: readonly string[], options: SignatureOptions) => run((context) => switchMode(context, mode, scopesOf(context, workloads), options)),
  );
}

function scopesOf(context: Context, workloads: readonly string[]): readonly Scope[] {
  const { namespace, options } = context;
  const given = [workloads.length > 0, namespace !== null, options.allNamespaces === true].filter(Boolean).length;
  if (given !== 1) throw new UsageError('say what: NS/NAME for a workload, -n NS for a namespace, or -A for all');
  if (namespace !== null) {
    if (!isLabelName(namespace)) throw new UsageError(`-n ${namespace}: is no name of a namespace`);
    return [{ namespace, workload: null }];
  }
  if (options.allNamespaces === true) return [EVERYTHING];
  return workloads.map((text) => {
    const [ns = '', name = '', ...rest] = text.split('/');
    if (rest.length > 0 || !isLabelName(ns) || !isSubdomain(name)) throw new UsageError(`${text}: write it as namespace/name`);
    return { namespace: ns, workload: name };
  });
}

async function switchMode(context: Context, mode: Mode, scopes: readonly Scope[], options: SignatureOptions): Promise<number> {
  const { withStore, directoryOf, graphBuilder } = await import('./session.ts');
  const signature = signatureOf(context, options);
  return withStore(context, async (store) => {
    const build = await graphBuilder(store, await directoryOf(store));
    for (const scope of scopes) {
      // The graph that is frozen and the switch are one moment: nothing that is learned in between is lost or taken in.
      const said = store.transaction(() => {
        const graph = build();
        const touches = graph.edges.filter(({ source, destination }) => [source, destination].some((peer) => peer.type === 'workload' && scopeHolds(scope, peer)));
        const known = [...graph.workloads.values()].filter(({ workload }) => scopeHolds(scope, workload)).length;
        const differing = graph.verdicts.differing(scope, mode);
        const revision = store.choices.setMode(scope, mode, signature);
        const lines = [`${mode} ${scopeName(scope)} from now on (${plural(known, 'workload')} known)`];
        if (mode === 'watching') {
          const frozen = touches.filter(({ state }) => state === 'accepted');
          const entries = graph.publicEntries.filter(({ destination }) => destination.type === 'workload' && scopeHolds(scope, destination));
          store.choices.freeze(revision, frozen.map((edge) => graph.canon.storedEdge(edge)), entries.map((entry) => ({ ...entry, destination: graph.canon.toStored(entry.destination) })));
          const left = touches.filter(({ state, decision }) => state === 'observed' && decision === null);
          lines[0] = `${mode} ${scopeName(scope)} from now on: ${plural(frozen.length, 'edge')} of ${plural(known, 'workload')} ${frozen.length === 1 ? 'is' : 'are'} the baseline`;
          if (left.length > 0) lines.push(`${plural(left.length, 'edge')} ${left.length === 1 ? 'is' : 'are'} observed only and will alert when used again (footpath edges --state observed)`);
        }
        if (known === 0 && graph.workloads.size > 0) lines.push(`nothing is known of ${scopeName(scope)} yet: is it spelled right? (footpath status lists what is)`);
        if (differing.length > 0) lines.push(`${plural(differing.length, 'narrower scope')} ${differing.length === 1 ? 'keeps its' : 'keep their'} own mode: ${differing.map(scopeName).join(', ')}`);
        return lines;
      });
      for (const line of said) context.say(line);
    }
    context.hint(mode === 'watching' ? 'next: footpath observe … · footpath alerts' : 'next: footpath observe … · footpath status');
    return 0;
  });
}
