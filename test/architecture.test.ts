import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The arrows of the house. Each rule says which files may not import what, and why; a breach names both. `allowed` lists the
 * only project folders or packages that a room may import; `only` lists the rooms that may import a package at all.
 */
interface Rule {
  readonly room: RegExp;
  readonly allowed: readonly RegExp[];
  readonly because: string;
}

const ROOMS: readonly Rule[] = [
  { room: /^src\/model\//, allowed: [/^src\/model\//], because: 'the words of the field depend on nothing' },
  {
    room: /^src\/(learn|policy|detect|resolve)\//,
    allowed: [/^src\/model\//, /^src\/(learn|policy|detect|resolve)\//],
    because: 'what is learned, proposed and alerted must be a pure function of values: no store, no clock, no I/O',
  },
  {
    room: /^collectors\//,
    allowed: [/^src\/model\//, /^src\/collector\.ts$/, /^src\/scan\//, /^collectors\//],
    because: 'a collector says what a record means and nothing else: it cannot read a clock, a file or the network',
  },
  {
    room: /^src\/kernel\//,
    allowed: [/^src\/(kernel|scan|model)\//, /^src\/collector\.ts$/, /^node:fs$/, /^\.\/[a-z]+$/],
    because: 'the kernel finds bytes that it saw before; what they mean is not its business',
  },
  {
    room: /^src\/decode\//,
    allowed: [/^src\/(decode|kernel|model|scan)\//, /^src\/collector\.ts$/],
    because: 'how records are decoded fast does not depend on their format, nor on what becomes of them',
  },
  {
    room: /^src\/threads\//,
    allowed: [/^src\/(threads|model|resolve)\//, /^src\/decode\/decoders\.ts$/, /^src\/sources\/(stripe|cutter)\.ts$/, /^src\/(collector|source)\.ts$/, /^collectors\/index\.ts$/, /^node:worker_threads$/],
    because: 'a thread reads, decodes and tells what it found: nothing that is added up, judged or stored is known there',
  },
  { room: /^src\/scan\//, allowed: [/^src\/scan\//, /^src\/model\//], because: 'byte-level helpers know bytes, not formats' },
  {
    room: /^src\/unwrap\//,
    allowed: [/^src\/unwrap\//, /^src\/scan\//, /^src\/model\//, /^src\/(collector|source)\.ts$/],
    because: 'envelopes are taken off once, before anybody knows the format inside',
  },
  {
    room: /^src\/export\//,
    allowed: [/^src\/export\//, /^src\/model\//, /^src\/exporter\.ts$/, /^src\/policy\//, /^yaml$/, /^node:util$/],
    because: 'an exporter is given values and never sees the store',
  },
  {
    room: /^src\/sources\//,
    allowed: [
      /^src\/sources\//,
      /^src\/unwrap\//,
      /^src\/scan\//,
      /^src\/model\//,
      /^src\/(source|collector|errors)\.ts$/,
      /^node:/,
      /^(fzstd|tinyglobby|kafkajs|kafkajs-snappy|lz4js|zod)$/,
    ],
    because: 'a source brings bytes and positions, and says what it wants to be told (zod); what they mean and where they are stored is not its business',
  },
  {
    room: /^src\/kubernetes\//,
    allowed: [/^src\/kubernetes\//, /^src\/model\//, /^src\/(errors|clock)\.ts$/, /^node:/, /^yaml$/, /^@kubernetes\/client-node$/],
    because: 'the cluster is read and projected here; what its facts mean and where they are stored is not its business',
  },
  {
    room: /^src\/telemetry\//,
    allowed: [/^src\/telemetry\//, /^src\/model\//, /^(prom-client|pino|@opentelemetry\/api)$/],
    because: 'telemetry is told numbers and reasons; it looks at nothing by itself',
  },
  {
    room: /^src\/api\//,
    allowed: [/^src\/api\//, /^src\/model\//, /^src\/errors\.ts$/, /^(hono|@hono\/node-server)$/, /^node:crypto$/],
    because: 'the HTTP side is given values and never sees the store',
  },
  {
    room: /^src\/alert\//,
    allowed: [/^src\/alert\//, /^src\/(model|detect|learn)\//, /^src\/(notifier|clock|errors|patiently)\.ts$/],
    because: 'what is told to whom, and when, must not depend on how it is stored or sent: the outbox and the notifiers are given',
  },
  {
    room: /^src\/notify\//,
    allowed: [/^src\/notify\//, /^src\/model\//, /^src\/(notifier|errors)\.ts$/, /^src\/sources\/kafka\/(client|config)\.ts$/, /^node:(http|https|net|dns\/promises|fs|crypto)$/, /^(kafkajs|zod)$/],
    because: 'a notifier is given values and never sees the store (there is one client of Kafka for both directions)',
  },
  {
    room: /^src\/store\//,
    allowed: [/^src\/store\//, /^src\/model\//, /^src\/learn\/(delta|stored|limits)\.ts$/, /^src\/alert\/(outbox|telling)\.ts$/, /^src\/(source|notifier|errors)\.ts$/, /^better-sqlite3$/, /^node:(fs|path|url|crypto)$/],
    because: 'the store keeps what it is given, in the shapes that learning and alerting name; it works nothing out',
  },
  {
    room: /^src\/(recognise|intake|portion|observe|observe-live)\.ts$/,
    allowed: [/^src\/(recognise|intake|portion|observe|collector|source|errors|patiently)\.ts$/, /^src\/(model|learn|resolve)\//, /^src\/decode\/decoders\.ts$/, /^src\/store\/store\.ts$/],
    because: 'the way through knows contracts, not formats, kinds of sources, or who runs it',
  },
  { room: /^src\/demo\//, allowed: [/^src\/demo\//, /^node:(fs|path)$/], because: 'the demo writes logs as a cluster would; it knows nothing of who reads them' },
  {
    room: /^src\/(collector|source|exporter|notifier)\.ts$/,
    allowed: [/^src\/model\//, /^src\/scan\/(plan|slots)\.ts$/, /^src\/(collector|source|exporter|notifier|errors)\.ts$/],
    because: 'contracts speak in the words of the model',
  },
];

const ONLY: readonly { readonly what: RegExp; readonly rooms: RegExp; readonly because: string }[] = [
  { what: /^better-sqlite3$/, rooms: /^src\/store\//, because: 'the store is the only door to SQLite' },
  { what: /^(kafkajs|kafkajs-snappy|lz4js)$/, rooms: /^src\/(sources|notify)\/kafka/, because: 'Kafka stays behind the source and notifier contracts' },
  { what: /^@kubernetes\/client-node$/, rooms: /^src\/kubernetes\/connection\.ts$/, because: 'it is large, loaded lazily, and used for credentials alone' },
  { what: /^(prom-client|@opentelemetry\/.*)$/, rooms: /^src\/telemetry\//, because: 'telemetry listens to events, it is not called in the middle of logic' },
  { what: /^(commander|@bomb\.sh\/tab|picocolors)/, rooms: /^src\/cli\//, because: 'only the command line knows that there is one' },
  { what: /^yaml$/, rooms: /^src\/(export|kubernetes|config)/, because: 'YAML is written in one way, by the exporters, and read at the edge' },
  { what: /^node:worker_threads$/, rooms: /^src\/threads\//, because: 'all but reading and decoding happens on one thread' },
  { what: /^node:process$/, rooms: /^src\/(cli\/|main\.ts)/, because: 'the environment enters at the composition root and is passed inward' },
];

const root = resolve(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/g)];
  return found.map((match) => {
    const specifier = match[1] ?? match[2] ?? '';
    return specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier;
  });
}

const files = [...sources('src'), ...sources('collectors')];
const graph = new Map(files.map((file) => [file, importsOf(file)]));

describe('the house', () => {
  for (const { room, allowed, because } of ROOMS) {
    it(`${room.source} imports only what it may: ${because}`, () => {
      const breaches = [...graph]
        .filter(([file]) => room.test(file))
        .flatMap(([file, imports]) =>
          imports.filter((target) => !allowed.some((pattern) => pattern.test(target))).map((target) => `${file} imports ${target}`),
        );
      expect(breaches, because).toEqual([]);
    });
  }

  for (const { what, rooms, because } of ONLY) {
    it(`${what.source} is imported from ${rooms.source} alone: ${because}`, () => {
      const breaches = [...graph]
        .filter(([file]) => !rooms.test(file))
        .flatMap(([file, imports]) => imports.filter((target) => what.test(target)).map((target) => `${file} imports ${target}`));
      expect(breaches, because).toEqual([]);
    });
  }

  it('no collector imports another one: each can be deleted with its line in the list', () => {
    const breaches = [...graph].flatMap(([file, imports]) => {
      const own = /^collectors\/([^/]+)\//.exec(file)?.[1];
      if (own === undefined) return [];
      return imports.filter((target) => target.startsWith('collectors/') && !target.startsWith(`collectors/${own}/`)).map((target) => `${file} imports ${target}`);
    });
    expect(breaches).toEqual([]);
  });

  it('`process` and clocks are read in cli/ alone: logic is given its time', () => {
    const breaches = files
      .filter((file) => !/^src\/(cli\/|main\.ts)/.test(file))
      .filter((file) => /\bprocess\.|\bDate\.now\(|new Date\(\)|Math\.random\(|performance\.now/.test(readFileSync(join(root, file), 'utf8')));
    expect(breaches).toEqual([]);
  });

  it('nothing outside test/ knows of tests', () => {
    const breaches = [...graph].flatMap(([file, imports]) => imports.filter((target) => /^test\/|vitest|fast-check|@duckdb/.test(target)).map((target) => `${file} imports ${target}`));
    expect(breaches).toEqual([]);
  });

  it('has no circles', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) {
        circles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
        return;
      }
      if (done.has(file)) return;
      for (const target of graph.get(file) ?? []) if (graph.has(target)) visit(target, [...trail, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('has no file over 400 lines: an idea that long wants splitting', () => {
    const long = files.filter((file) => statSync(join(root, file)).isFile() && readFileSync(join(root, file), 'utf8').split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('has no folder that a newcomer cannot place', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const described = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    expect(rooms.filter((room) => !described.includes(`${room}/`))).toEqual([]);
  });
});
