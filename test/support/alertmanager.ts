import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { freePort } from './kafka-broker.ts';

const BINARY = 'prometheus-alertmanager';

/** Whether Debian's prometheus-alertmanager is on this machine (`.ci/run` installs it). */
export const hasAlertmanager = spawnSync(BINARY, ['--version']).status === 0;

export interface Held {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

/** A real Alertmanager on loopback, with what it keeps in a folder of its own. */
export class Alertmanager {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Not started yet. It posts what it notifies of to `receiver`, at once. */
  static async at(folder: string, receiver: string): Promise<Alertmanager> {
    writeFileSync(
      join(folder, 'alertmanager.json'),
      JSON.stringify({
        route: { receiver: 'hook', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
        receivers: [{ name: 'hook', webhook_configs: [{ url: receiver, send_resolved: true }] }],
      }),
    );
    return new Alertmanager(folder, await freePort());
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'alertmanager.json');
    const child = spawn(BINARY, [`--config.file=${config}`, `--storage.path=${join(this.#folder, 'data')}`, `--web.listen-address=127.0.0.1:${this.port}`, '--cluster.listen-address='], { stdio: 'ignore' });
    this.#child = child;
    for (let i = 0; i < 200 && child.exitCode === null; i++) {
      const isReady = await fetch(`${this.origin}/-/ready`).then(({ ok }) => ok, () => false);
      if (isReady) return;
      await tick(50);
    }
    throw new Error('Alertmanager did not start');
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || !child.kill(signal)) return;
    await once(child, 'exit');
  }

  /** What it holds as firing now. */
  async held(): Promise<readonly Held[]> {
    const answer = await fetch(`${this.origin}/api/v2/alerts`);
    return (await answer.json()) as readonly Held[];
  }
}
