/** Keeps a cluster's inventory in a process of its own, and answers each line on stdin with one of JSON. */
import { setTimeout as wait } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { connect } from '../../dist/src/kubernetes/connection.js';
import { Feed } from '../../dist/src/kubernetes/feed.js';

const clock = { now: Date.now, random: Math.random, sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}) };
const feed = new Feed({ connection: await connect({ kubeconfig: process.argv[2] }, clock), clock });
const ending = new AbortController();
const run = feed.run(ending.signal);
const answers = {
  progress: () => ({ isComplete: feed.isComplete, revision: feed.revision }),
  held() {
    const { pods, workloads } = feed.inventory();
    const ended = pods.filter(({ gone }) => gone).length;
    return { pods: pods.length - ended, ended, workloads: workloads.length, peakBytes: process.resourceUsage().maxRSS * 1024 };
  },
};
for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(answers[line]())}\n`);
ending.abort();
await run;
