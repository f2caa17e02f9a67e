import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BEGIN, castPods, HOUR, WEEK_HOURS } from './cluster.ts';
import { seededRandom } from './random.ts';
import { attack, everyday, type DemoConnection } from './traffic.ts';
import { inventoryAt } from './write-inventory.ts';
import { accessLogLines, hubbleLines } from './write-logs.ts';

export interface DemoFiles {
  readonly inventory: string;
  /** The week: Hubble's export and the proxies' logs, in kubelet's layout. */
  readonly week: string;
  readonly attack: string;
  readonly connections: number;
}

const SEED = 20_260_302;

/** Writes the demo's cluster, its week and the attack into a folder. The same bytes for everybody. */
export function writeDemo(folder: string, hours = WEEK_HOURS): DemoFiles {
  const random = seededRandom(SEED);
  const pods = castPods(random, hours + 2);
  const files: DemoFiles = { inventory: join(folder, 'cluster.json'), week: join(folder, 'week'), attack: join(folder, 'attack'), connections: 0 };
  mkdirSync(folder, { recursive: true });
  writeFileSync(files.inventory, JSON.stringify(inventoryAt(pods, BEGIN + hours * HOUR)));
  let connections = 0;
  const write = (into: string, all: Iterable<DemoConnection>): void => {
    const out = new LogFolder(into);
    for (const connection of all) {
      connections++;
      for (const line of hubbleLines(connection, random)) out.append('hubble/events.log', line);
      for (const { pod, line } of accessLogLines(connection, random)) out.append(`pods/${pod.workload.namespace}_${pod.name}_${pod.uid}/istio-proxy/0.log`, line);
    }
    out.close();
  };
  write(files.week, everyday(pods, random, hours));
  write(files.attack, attack(pods, random, hours));
  return { ...files, connections };
}

/** Files that are written line by line, a piece at a time. */
class LogFolder {
  readonly #folder: string;
  readonly #files = new Map<string, { readonly fd: number; lines: string[] }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  append(name: string, line: string): void {
    let file = this.#files.get(name);
    if (file === undefined) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true });
      this.#files.set(name, (file = { fd: openSync(path, 'w'), lines: [] }));
    }
    file.lines.push(line);
    if (file.lines.length >= 2_000) this.#flush(file);
  }

  #flush(file: { readonly fd: number; lines: string[] }): void {
    if (file.lines.length > 0) writeSync(file.fd, `${file.lines.join('\n')}\n`);
    file.lines = [];
  }

  close(): void {
    for (const file of this.#files.values()) {
      this.#flush(file);
      closeSync(file.fd);
    }
  }
}
