import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { hubble } from '../../collectors/hubble/index.ts';
import { castPods, HOUR, WORKLOADS, type DemoPod } from '../../src/demo/cluster.ts';
import { seededRandom } from '../../src/demo/random.ts';
import { attack, everyday, type DemoConnection } from '../../src/demo/traffic.ts';
import { accessLogLines, addressOf, hubbleLines } from '../../src/demo/write-logs.ts';
import { writeDemo } from '../../src/demo/write.ts';
import { decode } from '../support/decode.ts';
import { contentsBelow, filesBelow } from '../support/files.ts';
import { scratch } from '../support/cli.ts';

const pods = castPods(seededRandom(2), 8);
const usual = [...everyday(pods, seededRandom(3), 6)];
const threats = attack(pods, seededRandom(4), 6);

function ends({ source, destination, port }: DemoConnection): string {
  const name = (end: DemoConnection['source']): string => ('workload' in end ? end.workload.name : addressOf(end));
  return `${name(source)} -> ${name(destination)} ${port}`;
}

describe('a day of the story', () => {
  it('goes by the clock', () => {
    for (const [i, { time }] of usual.entries()) expect(time).toBeGreaterThanOrEqual(usual[i - 1]?.time ?? 0);
  });

  it('lets only living pods talk', () => {
    const dead = [...usual, ...threats].flatMap(({ source, destination, time }) => [source, destination].filter((end) => 'workload' in end && (time < end.from || end.until <= time)));
    expect(dead).toEqual([]);
  });

  it('has each habit, again and again', () => {
    const often = new Map<string, number>();
    for (const connection of usual) often.set(ends(connection), (often.get(ends(connection)) ?? 0) + 1);
    for (const [habit, perHour] of [['istio-ingress -> productpage-v1 9080', 8], ['productpage-v1 -> details-v1 9080', 6], ['ratings-v1 -> mysqldb 3306', 4], ['details-v1 -> 142.250.74.106 443', 2]] as const) {
      expect(often.get(habit)).toBe(perHour * 6);
    }
    expect(often.get('nightly-report -> mysqldb 3306')).toBe(3);
  });

  it('has nothing of the attack, nor the attack anything of the day', () => {
    const habits = new Set(usual.map(ends));
    const strange = new Set(threats.map(ends));
    expect([...strange].filter((one) => habits.has(one))).toEqual([]);
    expect(strange.size).toBe(6 + 14);
  });
});

describe('the attack', () => {
  it('comes after everything else, within an hour', () => {
    const last = Math.max(...usual.map(({ time }) => time));
    for (const { time } of threats) expect(time > last && time < last + 2 * HOUR).toBe(true);
  });

  it('probes fourteen doors that stay shut', () => {
    const refused = threats.filter(({ result }) => result === 'refused');
    expect(new Set(refused.map(ends)).size).toBe(14);
    expect(new Set(refused.map(({ source }) => (source as DemoPod).workload))).toEqual(new Set([WORKLOADS.reviewsV2]));
  });
});

describe('the logs of the story', () => {
  const everything = [...usual, ...threats];

  it('are records that Hubble’s collector understands, oriented as they were meant', () => {
    for (const connection of everything) {
      const { records, flows } = decode(hubble, hubbleLines(connection, seededRandom(5)));
      if ('isLocal' in connection.source && connection.source.isLocal) {
        expect(new Set(records)).toEqual(new Set(['skip local-node']));
        continue;
      }
      expect(records.filter((text) => text.startsWith('skip'))).toEqual([]);
      expect(flows).toHaveLength(2);
      for (const flow of flows) {
        expect([flow.source.address, flow.destination.address, flow.port]).toEqual([addressOf(connection.source), addressOf(connection.destination), connection.port]);
        expect(Math.abs(flow.time - connection.time)).toBeLessThan(10);
      }
      expect(flows.map(({ phase, outcome }) => `${phase} ${outcome}`)).toEqual(['open unknown', `answer ${connection.result === 'refused' ? 'refused' : 'established'}`]);
    }
  });

  it.each([
    ['dropped', ['open rejected']],
    ['unanswered', ['open unknown']],
    ['refused', ['open unknown', 'answer refused']],
    ['answered', ['open unknown', 'answer established']],
  ] as const)('know what came of a connection: %s', (result, expected) => {
    const connection = { ...usual.find(({ source }) => 'workload' in source)!, result };
    expect(decode(hubble, hubbleLines(connection, seededRandom(6))).flows.map(({ phase, outcome }) => `${phase} ${outcome}`)).toEqual(expected);
  });

  it('are lines of the proxies that are in the mesh, as Istio writes them', () => {
    let lines = 0;
    for (const connection of everything) {
      for (const { pod, line } of accessLogLines(connection, seededRandom(7))) {
        lines++;
        expect(pod.workload.inMesh).toBe(true);
        const { flows } = decode(envoyAccessLog, [line.slice(line.indexOf('[', 30))], { origin: { source: 'test', owner: { namespace: pod.workload.namespace, pod: pod.name, container: 'istio-proxy' } } });
        expect(flows.map(({ source, destination, port }) => [source.address, destination.address, port])).toEqual([[addressOf(connection.source), addressOf(connection.destination), connection.port]]);
      }
    }
    expect(lines).toBeGreaterThan(300);
  });
});

describe('the folder of the story', () => {
  it('is the same, byte for byte, whenever it is written', () => {
    const [one, other] = [scratch(), scratch()];
    const files = writeDemo(one, 3);
    writeDemo(other, 3);
    expect(contentsBelow(other)).toEqual(contentsBelow(one));
    expect(files).toEqual({ inventory: join(one, 'cluster.json'), week: join(one, 'week'), attack: join(one, 'attack'), connections: files.connections });
  });

  it('has the flows of all, and each proxy’s log where kubelet would keep it', () => {
    const folder = scratch();
    const { week, connections } = writeDemo(folder, 3);
    const files = filesBelow(week).map((path) => path.slice(week.length + 1));
    expect(files[0]).toBe('hubble/events.log');
    for (const path of files.slice(1)) expect(path).toMatch(/^pods\/[a-z-]+_[a-z0-9-]+_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}\/istio-proxy\/0\.log$/);
    expect(files.length).toBeGreaterThan(10);
    const firsts = filesBelow(folder).filter((path) => path.endsWith('events.log')).flatMap((path) => readFileSync(path, 'utf8').split('\n')).filter((line) => line.includes('"is_reply":false'));
    expect(firsts).toHaveLength(connections);
  });
});
