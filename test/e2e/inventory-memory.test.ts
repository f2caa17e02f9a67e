import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RESOURCES } from '../../src/kubernetes/resources.ts';
import { eventually } from '../support/clock.ts';
import { listOf } from '../support/feeding.ts';
import { ownerObject } from '../support/inventory.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';
import { kubeServer, type Asked, type KubeServer } from '../support/kube-server.ts';
import { realisticPod } from '../support/many-pods.ts';

const PODS = 30_000;
const REPLACED = PODS / 3;
const PAGE = 500;
const OWNERS = 600;

interface Progress {
  readonly isComplete: boolean;
  readonly revision: number;
}

interface Held {
  readonly pods: number;
  readonly ended: number;
  readonly workloads: number;
  readonly peakBytes: number;
}

/** The built feed, in a process of its own. */
class FeedProcess {
  readonly #child;
  readonly #lines;

  constructor(url: string) {
    this.#child = spawn(process.execPath, [resolve(import.meta.dirname, '../support/feed-process.mjs'), kubeconfigOf(url)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async #ask<T>(question: string): Promise<T> {
    this.#child.stdin.write(`${question}\n`);
    const { value } = await this.#lines.next();
    return JSON.parse(String(value)) as T;
  }

  held(): Promise<Held> {
    return this.#ask('held');
  }

  async until(is: (progress: Progress) => boolean): Promise<Progress> {
    for (;;) {
      const progress = await this.#ask<Progress>('progress');
      if (is(progress)) return progress;
      await wait(50);
    }
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

/** A cluster of that many pods; its watches of pods, as they are opened. */
function serve(server: KubeServer): readonly Asked[] {
  const watches: Asked[] = [];
  const owners = Array.from({ length: OWNERS }, (_, i) => ownerObject('ReplicaSet', `team-${i % 40}`, `app-${i}`, { app: `app-${i}` }));
  for (const { path, name } of RESOURCES) server.always(path, listOf(...(name === 'replicasets' ? owners : [])));
  server.always('/api/v1/pods', (asked) => {
    if (asked.isWatch) {
      watches.push(asked.begin());
      return;
    }
    const from = Number(asked.query.get('continue') ?? 0);
    const page = Array.from({ length: PAGE }, (_, i) => realisticPod(from + i, from + i + 1));
    asked.list(page, String(PODS), from + PAGE < PODS ? String(from + PAGE) : '');
  });
  return watches;
}

it(`${PODS} pods are held in under 200 MB, and in little more once a third is replaced and all are listed anew`, { timeout: 180_000 }, async () => {
  const server = await kubeServer();
  const watches = serve(server);
  const feed = new FeedProcess(server.url);
  try {
    const { revision } = await feed.until(({ isComplete }) => isComplete);
    const listed = await feed.held();
    expect(listed).toMatchObject({ pods: PODS, ended: 0, workloads: OWNERS });
    expect(listed.peakBytes).toBeLessThan(200_000_000);
    const watch = await eventually(() => watches[0], 'pods are watched');
    for (let n = 0; n < REPLACED; n++) {
      const version = PODS + 2 * n + 1;
      watch.event('DELETED', realisticPod(n, version)).event('ADDED', realisticPod(PODS + n, version + 1));
      if (n % 500 === 0) await wait(1);
    }
    await feed.until((progress) => progress.revision === revision + 2 * REPLACED);
    expect(await feed.held()).toMatchObject({ pods: PODS, ended: REPLACED });
    watch.event('ERROR', { code: 410, reason: 'Expired', message: 'too old' });
    await feed.until((progress) => progress.revision === revision + 4 * REPLACED);
    const anew = await feed.held();
    expect(anew).toMatchObject({ pods: PODS, ended: 2 * REPLACED });
    // V8 is in no hurry to collect; it is no more than that.
    expect(anew.peakBytes).toBeLessThan(250_000_000);
  } finally {
    await feed.end();
  }
});
