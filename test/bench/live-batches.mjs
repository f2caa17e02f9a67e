/**
 * How fast batches as kafkajs hands them over, of some partitions, are read and committed at a steady rate: the time from a record to its commit, memory, CPU. There is no broker:
 * messages are made in this process, and what that takes is measured by itself and told beside the rest.
 * Usage: node test/bench/live-batches.mjs [records a second] [seconds]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hubble } from '../../dist/collectors/hubble/index.js';
import { Learner } from '../../dist/src/cli/learning.js';
import { directoryOf } from '../../dist/src/cli/session.js';
import { observeLive } from '../../dist/src/observe-live.js';
import { decide } from '../../dist/src/sources/kafka/place.js';
import { fetchedOf, PartitionReaders } from '../../dist/src/sources/kafka/partition.js';
import { Store } from '../../dist/src/store/store.js';
import { Latencies } from './latencies.mjs';
import { RecordPool } from './record-pool.mjs';

const rate = Number(process.argv[2] ?? 50_000);
const seconds = Number(process.argv[3] ?? 60);
const PARTITIONS = 12;
/** As many as come within so many milliseconds, from one partition after the other. */
const BATCH_EVERY = 10;
const folder = mkdtempSync(join(tmpdir(), 'footpath-live-'));

/** Messages as kafkajs hands them over: each value is a piece of the memory of what was fetched. */
class Messages {
  #pool = new RecordPool();
  #next = 0;

  take(count, from) {
    const { bytes, starts, size } = this.#pool;
    const now = Buffer.from(new Date().toISOString());
    const timestamp = String(Date.now());
    return Array.from({ length: count }, (_, i) => {
      const at = this.#next++ % size;
      this.#pool.stamp(at, at + 1, now);
      return { offset: String(from + i), key: null, value: bytes.subarray(starts[at], starts[at + 1] - 1), timestamp, attributes: 0, headers: {} };
    });
  }
}

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function run() {
  const store = new Store(join(folder, 'footpath.db'), { create: true });
  const pool = new Messages();
  const readers = new PartitionReaders('flows', store.positions.claimPartitions());
  const offsets = Array.from({ length: PARTITIONS }, () => 0);
  const latencies = new Latencies();
  const waiting = [];
  let [making, committed] = [0, 0];
  const source = {
    name: 'flows',
    async *open() {
      const began = performance.now();
      for (let [sent, turn] = [0, 0]; sent < rate * seconds; turn++) {
        const due = Math.min(rate * seconds, Math.floor(((performance.now() - began) / 1_000) * rate));
        if (due > sent) {
          const before = cpuSeconds();
          const partition = turn % PARTITIONS;
          const from = offsets[partition];
          const messages = pool.take(due - sent, from);
          offsets[partition] = from + messages.length;
          making += cpuSeconds() - before;
          const batch = { partition, messages, fetchedOffset: String(from), lastOffset: () => String(from + messages.length - 1) };
          const reader = readers.of('cluster', partition);
          const step = decide(reader.place, fetchedOf(batch), { start: 0, end: from + messages.length });
          if (step.kind !== 'take') throw new Error(`partition ${partition}: ${step.kind}`);
          waiting.push([Date.now(), messages.length]);
          yield reader.take(batch, step, () => undefined);
          sent = due;
        }
        await wait(BATCH_EVERY);
      }
    },
  };
  const learner = new Learner(store, await directoryOf(store), null, Date.now);
  const ending = new AbortController();
  const began = performance.now();
  const cpu = cpuSeconds();
  const memory = [];
  const all = rate * seconds;
  let end = () => undefined;
  const whole = new Promise((resolve) => (end = resolve));
  const done = observeLive([source], {
    ...learner.learning,
    settings: { accessLogFormat: null },
    collectorFor: () => hubble,
    signal: ending.signal,
    sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    onCommit: () => {
      const now = Date.now();
      for (const [time, n] of waiting.splice(0)) {
        latencies.add(now - time, n);
        committed += n;
      }
      if (committed === all) end();
      memory.push(process.memoryUsage.rss() / 1e6);
    },
  });
  await whole;
  ending.abort();
  await done;
  const took = (performance.now() - began) / 1_000;
  const used = cpuSeconds() - cpu - making;
  const counted = store.coverage.read().reduce((sum, { hours }) => sum + [...hours.values()].reduce((n, counts) => n + (counts.get('records') ?? 0), 0), 0);
  store.close();
  const third = memory.length / 3;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(`${rate.toLocaleString('en-US')} messages a second of ${PARTITIONS} partitions for ${seconds} s (Node ${process.version})`);
  console.log(`counted                ${counted.toLocaleString('en-US')} of ${all.toLocaleString('en-US')}${counted === all ? ', exactly' : ': NOT THE SAME'}`);
  console.log(`message to commit      p50 ${latencies.quantile(0.5).toFixed(2)} s, p99 ${latencies.quantile(0.99).toFixed(2)} s, at most ${latencies.quantile(1).toFixed(2)} s`);
  console.log(`memory                 ${mean(memory.slice(third, 2 * third)).toFixed(0)} MB in the second third, ${mean(memory.slice(2 * third)).toFixed(0)} MB in the last, at most ${Math.max(...memory).toFixed(0)} MB`);
  console.log(`CPU                    ${((100 * used) / took).toFixed(0)} % of a core; beside it, ${((100 * making) / took).toFixed(0)} % to make the messages`);
  console.log(`commits                ${memory.length}`);
  if (counted !== all) process.exitCode = 1;
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true });
}
