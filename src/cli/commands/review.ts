import { UsageError } from '../../errors.ts';
import { lookOf, outputOf, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import type { ScopeOptions } from '../review/scope.ts';
import { addSignatureOptions, signatureOf, type SignatureOptions } from '../signature.ts';
import { addWideningOptions, wideningOf, type WideningOptions } from '../widening-options.ts';

interface Options extends ScopeOptions, SignatureOptions, WideningOptions {
  readonly answers?: string;
  readonly dryRun?: boolean;
}

export const define: Define = (command, run) => {
  addSignatureOptions(
    addWideningOptions(
      command
        .option('--workload <ns/name>', 'only rules of this workload, and edges at it')
        .option('--flagged', 'only what a suspicion holds on')
        .option('--proposals', 'only proposed rules')
        .option('--undecided', 'only edges that no rule comes of')
        .option('--all', 'also what is decided already')
        .option('--answers <file>', 'take the answers from a file, or from standard input (-), and ask nothing')
        .option('--dry-run', 'write nothing: see what it would be like'),
    ),
  )
    .addHelpText(
      'after',
      `
On a terminal it shows one item after the other; ? lists the keys. Each decision is written when it is made, as accept and reject write it; the next run begins with what is left.
-o has table, json and name here, and only lists. Answers are one JSON object a line; the last on an edge counts, and the same answers again change nothing:
  {"edge": ID, "answer": "accept" | "reject" | "skip", "comment": "why"}, or "rule" in place of "edge"
  footpath review -o json | jq -c '.[] | {rule, edge, answer: "accept"}' | footpath review --answers -
Exit status 1: some lines could not be followed; they are listed, and all others are written.`,
    )
    .action((options: Options) => run((context) => review(context, options)));
};

async function review(context: Context, options: Options): Promise<number> {
  const { answers } = options;
  const dryRun = options.dryRun === true;
  const isListed = context.options.output !== undefined;
  const form = outputOf(context, ['table', 'json', 'name']);
  if (answers !== undefined && isListed) throw new UsageError('--answers and -o exclude each other: list the items first, then answer them');
  if (answers !== undefined && (context.namespace !== null || [options.workload, options.flagged, options.proposals, options.undecided, options.all].some((one) => one !== undefined))) {
    throw new UsageError('--answers says itself what it is about: leave -n, --workload, --flagged, --proposals, --undecided and --all out');
  }
  const canDraw = context.stdin.isTTY === true && context.stdout.isTTY === true && context.env['TERM'] !== 'dumb';
  if (answers === undefined && !isListed && !canDraw) {
    throw new UsageError('review asks on a terminal that can be drawn on, and this is none: list the items with -o json, and answer them with --answers FILE');
  }
  const [{ withStore, graphOf }, { alertsIn }, { inScope }, { reviewItems, wordsOn }, { propose }, { fingerprint }] = await Promise.all([
    import('../session.ts'),
    import('../alerting.ts'),
    import('../review/scope.ts'),
    import('../../policy/review/review.ts'),
    import('../../policy/propose/propose.ts'),
    import('../../fingerprint.ts'),
  ]);
  const inTheScope = inScope(options, context.namespace);
  const sign = (comment: string | null) => signatureOf(context, { ...options, ...(comment === null ? {} : { comment }) });
  const { giveAnswers, readAnswers } = await import('../review/give-answers.ts');
  const lines = answers === undefined ? [] : await readAnswers(context, answers);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const widen = await wideningOf(context, options, graph);
    const items = reviewItems(graph, propose(graph, { widen }).proposals, fingerprint);
    const alerts = alertsIn(store, graph, context.now());
    if (answers !== undefined) return giveAnswers(context, store, { path: answers, lines, graph, alerts, items, sign, dryRun });
    const shown = inTheScope(items, graph, wordsOn(graph));
    if (isListed) {
      const { itemsJson, itemsTable } = await import('../review/list.ts');
      if (form === 'name') context.print(shown.map(({ id }) => `${id}\n`).join(''));
      else context.print(form === 'json' ? `${JSON.stringify(itemsJson(shown, graph), null, 2)}\n` : itemsTable(shown, graph, lookOf(context)));
      return 0;
    }
    if (shown.length === 0) {
      context.say(items.length === 0 ? 'nothing to review: no edge is known yet (footpath observe)' : 'nothing to review: nothing here is undecided (--all goes through what is decided)');
      return 0;
    }
    const [{ Desk }, { reviewOnTerminal }, { tallyOf }, { tallyText }] = await Promise.all([
      import('../review/desk.ts'),
      import('../review/terminal.ts'),
      import('../review/state.ts'),
      import('../review/screen.ts'),
    ]);
    const tally = tallyOf(await reviewOnTerminal(context, new Desk({ store, graph, alerts, sign, dryRun }), shown, { alerts, dryRun, widen }));
    context.say(`${dryRun ? 'dry run, nothing was written: ' : ''}${tallyText(tally)}`);
    context.hint(tally.skipped + tally.left > 0 ? 'next: footpath review · footpath propose' : 'next: footpath propose --out policies · footpath simulate --policies policies');
    return 0;
  });
}
