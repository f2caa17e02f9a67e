import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { freePort } from './kafka-broker.ts';

/** Whether Debian's prometheus, with promtool, is on this machine (`.ci/run` installs it). */
export const hasPrometheus = ['prometheus', 'promtool'].every((binary) => spawnSync(binary, ['--version']).status === 0);

/** Everything that promtool says, on either stream. */
export function promtool(args: readonly string[], input = ''): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface RuleState {
  readonly name: string;
  readonly type: 'recording' | 'alerting';
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

interface Scraped {
  readonly job: string;
  readonly target: string;
  readonly tokenFile: string;
}

/** A real Prometheus on loopback that scrapes one target, and evaluates rules, each second. */
export class Prometheus {
  readonly #origin: string;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#child = child;
  }

  static async start(folder: string, { job, target, tokenFile }: Scraped, rules: readonly string[]): Promise<Prometheus> {
    const port = await freePort();
    const config = join(folder, 'prometheus.json');
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: rules,
        scrape_configs: [{ job_name: job, authorization: { credentials_file: tokenFile }, static_configs: [{ targets: [target] }] }],
      }),
    );
    const child = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'prometheus')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], { stdio: 'ignore' });
    const started = new Prometheus(port, child);
    for (let i = 0; i < 400 && child.exitCode === null; i++) {
      const isReady = await fetch(`${started.#origin}/-/ready`).then(({ ok }) => ok, () => false);
      if (isReady) return started;
      await tick(50);
    }
    await started.stop();
    throw new Error('Prometheus did not start');
  }

  /** What an expression gives now; throws what Prometheus has against it. */
  async query(expression: string): Promise<readonly Series[]> {
    const { resultType, result } = await this.#ask<{ readonly resultType: string; readonly result: readonly { readonly metric: Series['metric']; readonly value: readonly [number, string] }[] }>(`query?${new URLSearchParams({ query: expression }).toString()}`);
    if (resultType !== 'vector') throw new Error(`${expression}: gives a ${resultType}`);
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#ask<{ readonly groups: readonly { readonly rules: readonly RuleState[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async alerts(): Promise<readonly FiringAlert[]> {
    return (await this.#ask<{ readonly alerts: readonly FiringAlert[] }>('alerts')).alerts;
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#origin}/api/v1/${path}`)).json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error ?? answer.status}`);
    return answer.data;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.kill('SIGTERM')) return;
    await once(this.#child, 'exit');
  }
}
