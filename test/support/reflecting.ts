import { afterEach } from 'vitest';
import { get, text, type Json } from '../../src/kubernetes/object.ts';
import { Reflector, type Receiver, type ReflectorState } from '../../src/kubernetes/reflector.ts';
import { eventually, HandClock } from './clock.ts';
import { kubeServer, type KubeServer } from './kube-server.ts';

export const START = Date.UTC(2026, 2, 2, 12);

/** An object with its version. */
export function thing(name: string, resourceVersion: string, more: object = {}): object {
  return { metadata: { name, namespace: 'shop', resourceVersion, ...more } };
}

/** Writes down what it is told: `put a`, `remove a`, `listing`, … */
export class Told implements Receiver {
  readonly all: string[] = [];
  reachedTime: number | null = null;
  onPut: (object: Json) => void = () => {};

  listing(): void {
    this.all.push('listing');
  }

  listed(): void {
    this.all.push('listed');
  }

  put(object: Json): void {
    this.onPut(object);
    this.all.push(`put ${nameOf(object)}`);
  }

  remove(object: Json): void {
    this.all.push(`remove ${nameOf(object)}`);
  }

  reached(time: number): void {
    this.reachedTime = Math.max(time, this.reachedTime ?? time);
  }

  tooLong(count: number): void {
    this.all.push(`too long ${count}`);
  }
}

function nameOf(object: Json): string {
  return text(get(object, 'metadata', 'name')) ?? '';
}

const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

export interface Reflecting {
  readonly server: KubeServer;
  readonly clock: HandClock;
  readonly told: Told;
  readonly states: ReflectorState[];
  readonly reflector: Reflector;
  /** Its end. */
  readonly run: Promise<void>;
  /** Waits until somebody sleeps so long, and lets that time pass. */
  readonly sleepsFor: (ms: number) => Promise<void>;
  /** Waits until something was told. */
  readonly hears: (what: string) => Promise<void>;
  readonly stop: () => void;
}

/** A reflector of pods at work against a scripted server; it ends with the test. */
export async function reflecting(): Promise<Reflecting> {
  const server = await kubeServer();
  const clock = new HandClock(START);
  const told = new Told();
  const states: ReflectorState[] = [];
  const ender = new AbortController();
  const reflector = new Reflector({
    name: 'pods',
    path: '/api/v1/pods',
    connection: await server.connect(clock),
    clock,
    receiver: told,
    onState: (state) => states.push(state),
  });
  const run = reflector.run(ender.signal);
  run.catch(() => {});
  ending.push(async () => {
    ender.abort();
    await run.catch(() => {});
  });
  return {
    server,
    clock,
    told,
    states,
    reflector,
    run,
    async sleepsFor(ms) {
      await eventually(() => clock.sleeping.includes(ms), `somebody sleeps for ${ms} ms; they sleep for ${clock.sleeping.join(', ')}`);
      clock.advance(ms);
    },
    async hears(what) {
      await eventually(() => told.all.includes(what), `${what} is told`);
    },
    stop: () => ender.abort(),
  };
}

/** A list of one page, answered; returns the watch that follows. */
export async function listed(reflecting_: Reflecting, items: readonly object[] = [thing('a', '5')], version = '10'): ReturnType<KubeServer['next']> {
  (await reflecting_.server.next('a list is asked for')).list(items, version);
  return reflecting_.server.next('a watch is asked for');
}
