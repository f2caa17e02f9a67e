import { OperationError } from '../errors.ts';
import { connect } from '../kubernetes/connection.ts';
import { Feed } from '../kubernetes/feed.ts';
import type { Config } from '../config.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { sleep } from './sleep.ts';

/** 30,000 pods take some seconds; a server that has not told all by then is in trouble. In milliseconds. */
const ASK_AT_MOST = 60_000;
const LOOK_EVERY = 50;

/** Lists what the cluster's API tells of who is who, once, and keeps it. An `OperationError` if it cannot tell of its pods. */
export async function askCluster(context: Context, store: Store, { inventory: { kubeconfig, context: name } }: Config): Promise<void> {
  const clock = { now: context.now, sleep, random: Math.random };
  const connection = await connect({ kubeconfig, context: name }, clock);
  const missing = new Map<string, string>();
  const feed = new Feed({
    connection,
    clock,
    onState: (resource, state) => {
      if ('why' in state) missing.set(resource, state.why);
      else missing.delete(resource);
    },
  });
  const end = new AbortController();
  const running = feed.run(end.signal);
  const until = context.now() + ASK_AT_MOST;
  try {
    // A server that is away is said at its second failure, not after a minute.
    while (!feed.isComplete && !missing.has('pods') && context.now() < until) await sleep(LOOK_EVERY, end.signal);
  } finally {
    end.abort();
    await running;
  }
  const why = missing.get('pods') ?? (feed.isComplete ? null : `not all was told within ${ASK_AT_MOST / 1_000} s`);
  if (why !== null) throw new OperationError(`${connection.server}: ${why}`);
  for (const [resource, reason] of missing) context.say(`footpath: without ${resource}: ${reason}`);
  store.transaction(() => store.inventory.write(feed.inventory()));
}
