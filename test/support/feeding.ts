import { afterEach } from 'vitest';
import { Feed, type FeedOptions, type InventoryChange } from '../../src/kubernetes/feed.ts';
import { RESOURCES } from '../../src/kubernetes/resources.ts';
import type { PodFact } from '../../src/model/inventory.ts';
import { eventually, HandClock } from './clock.ts';
import { kubeServer, type Asked, type KubeServer } from './kube-server.ts';
import { START } from './reflecting.ts';

const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

export interface Feeding {
  readonly server: KubeServer;
  readonly clock: HandClock;
  readonly feed: Feed;
  readonly changes: InventoryChange[];
  /** `resource phase`, and why. */
  readonly states: string[];
  readonly run: Promise<void>;
  readonly stop: () => void;
  /** Waits until a change of a fact of this name was told; takes it. */
  readonly hears: (what: InventoryChange['what'], name: string) => Promise<InventoryChange>;
}

/** A feed at work against a scripted server. Requests for what `lists` names are answered by it; pods are the test's business. */
export async function feeding(lists: Readonly<Record<string, (asked: Asked) => void>> = {}, options: Partial<FeedOptions> = {}): Promise<Feeding> {
  const server = await kubeServer();
  const clock = new HandClock(START);
  const changes: InventoryChange[] = [];
  const states: string[] = [];
  for (const { name, path } of RESOURCES) if (name !== 'pods' || lists['pods'] !== undefined) server.always(path, lists[name] ?? listOf());
  const feed = new Feed({
    connection: await server.connect(clock),
    clock,
    onChange: (change) => changes.push(change),
    onState: (resource, state) => states.push(`${resource} ${state.phase}${'why' in state ? `: ${state.why}` : ''}`),
    ...options,
  });
  const ender = new AbortController();
  const run = feed.run(ender.signal);
  run.catch(() => {});
  ending.push(async () => {
    ender.abort();
    await run.catch(() => {});
  });
  return {
    server,
    clock,
    feed,
    changes,
    states,
    run,
    stop: () => ender.abort(),
    hears: (what, name) =>
      eventually(
        () => {
          const at = changes.findIndex((change) => change.what === what && change.fact.name === name);
          return at < 0 ? null : changes.splice(at, 1)[0];
        },
        `${name} is told to be ${what}`,
      ),
  };
}

/** Answers lists with these objects, and leaves watches open. */
export function listOf(...objects: readonly object[]): (asked: Asked) => void {
  return (asked) => {
    if (asked.isWatch) asked.begin();
    else asked.list(objects, '10');
  };
}

export function podsOf(feed: Feed): readonly PodFact[] {
  return feed.inventory().pods;
}
