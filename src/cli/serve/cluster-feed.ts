import type { Clock } from '../../clock.ts';
import { LockedError, OperationError } from '../../errors.ts';
import type { ApiConnection } from '../../kubernetes/connection.ts';
import { Feed } from '../../kubernetes/feed.ts';
import type { ReflectorState } from '../../kubernetes/reflector.ts';
import { Directory } from '../../resolve/directory.ts';
import type { Store } from '../../store/store.ts';
import type { Health } from '../../telemetry/health.ts';
import type { Log } from '../../telemetry/log.ts';

/** How often changes are taken over by what is read from then on, and kept in the database for other commands, in milliseconds. */
const TAKE_OVER_EVERY = 1_000;
const KEEP_EVERY = 30_000;
const TRY_AGAIN_AFTER = 3_000;
/** A record that is read now waits so long for the cluster's word on who is who; later it is settled when that is known. */
const WAIT = 5_000;
/** Asked for every batch it would slow reading down; where waiting was in vain it is left for a while. */
const ASK_EVERY = 1_000;
const GIVE_UP_FOR = 30_000;

export interface FollowedCluster {
  /** Until the cluster's word has caught up with this moment, 5 seconds at most. */
  readonly caughtUp: () => Promise<void>;
  /** Resolves once the signal aborted. */
  readonly ended: Promise<void>;
}

interface Following {
  readonly store: Store;
  readonly log: Log;
  readonly health: Health;
  readonly clock: Clock;
  /** The cluster is another one by now. */
  readonly onDirectory: (directory: Directory) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Watches the cluster's API for as long as a round of `serve` goes. */
export function followCluster(connection: ApiConnection, { store, log, health, clock, onDirectory, signal }: Following): FollowedCluster {
  const feed = new Feed({ connection, clock, onState: (resource, state) => say(resource, state, log, health) });
  log.info({ server: connection.server }, 'watching the cluster');
  let taken = -1;
  let takenAsOf = 0;
  let kept = -1;
  let keepAt = -Infinity;
  const keep = (force: boolean): void => {
    if (feed.revision === kept || !feed.isComplete || (!force && clock.now() < keepAt)) return;
    try {
      const { revision } = feed;
      store.transaction(() => store.inventory.write(feed.inventory()));
      kept = revision;
      keepAt = clock.now() + KEEP_EVERY;
      health.report('inventory', null);
    } catch (error) {
      // It is kept later: what is read is resolved by what is known here.
      if (!(error instanceof OperationError)) throw error;
      keepAt = clock.now() + TRY_AGAIN_AFTER;
      // Whoever writes to the database now is done by then.
      if (!(error instanceof LockedError)) health.report('inventory', error.message);
      log.warn({ error: error.message }, 'the inventory could not be kept');
    }
  };
  const takingOver = async (): Promise<void> => {
    while (!signal.aborted) {
      // What is later than the cluster's last word is for nobody to say: that word moves on though nothing changes.
      if (feed.isComplete && (feed.revision !== taken || feed.asOf - takenAsOf > WAIT)) {
        taken = feed.revision;
        takenAsOf = feed.asOf;
        await onDirectory(new Directory(feed.inventory(), store.inventory.readRanges(), store.setting('cluster')));
      }
      keep(false);
      await clock.sleep(TAKE_OVER_EVERY, signal);
    }
    keep(true);
  };
  let waitAgainAt = 0;
  return {
    caughtUp: async () => {
      const now = clock.now();
      if (now < waitAgainAt) return;
      const passed = await feed.untilPassed(now, WAIT, signal);
      waitAgainAt = clock.now() + (passed ? ASK_EVERY : GIVE_UP_FOR);
    },
    ended: Promise.all([feed.run(signal), takingOver()]).then(() => undefined),
  };
}

/** Without the pods nobody is known; without the rest, some less. */
function say(resource: string, state: ReflectorState, log: Log, health: Health): void {
  const why = state.phase === 'waiting' || state.phase === 'refused' ? state.why : null;
  if (resource === 'pods') health.report('kubernetes pods', why);
  if (why === null) log.debug({ resource, phase: state.phase }, 'the cluster’s API answers');
  else log.warn({ resource, phase: state.phase, why }, 'the cluster’s API does not give all');
}
