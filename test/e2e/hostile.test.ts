import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { edgeText, footpath, Session, type Result, type Summary } from '../support/cli.ts';
import { filesBelow } from '../support/files.ts';
import { BAD_ENVOY, BAD_HUBBLE, GOOD_ENVOY, GOOD_L4, GOOD_L7, KEPT_PATH, SECRETS, type Bad } from '../support/hostile.ts';
import { pod, settledTraffic } from '../support/hubble.ts';
import { few, METADATA, usualTraffic } from '../support/shop.ts';

const asLine = (record: string | Buffer): Buffer => Buffer.concat([Buffer.from(record), Buffer.from('\n')]);

/** Good and bad records in turns. */
function mixed(good: readonly string[], bad: readonly Bad[]): Buffer {
  const lines: Buffer[] = [];
  for (let i = 0; i < Math.max(good.length, bad.length); i++) {
    if (good[i] !== undefined) lines.push(asLine(good[i]!));
    if (bad[i] !== undefined) lines.push(asLine(bad[i]![1]));
  }
  return Buffer.concat(lines);
}

function reasons(bad: readonly Bad[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const [, , reason] of bad) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** C0 but for the newline, DEL, C1, and what turns text round. */
const ACTIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Everything that a database can be asked. */
async function everyAnswer(session: Session): Promise<ReadonlyMap<string, Result>> {
  const workloads = (await session.json<{ readonly workloads: readonly { readonly namespace: string; readonly workload: string }[] }>('status')).workloads;
  const alerts = await session.alerts();
  const commands = [
    ...['table', 'wide', 'json', 'yaml', 'name', 'tree', 'dot', 'mermaid', 'csv'].map((form) => ['edges', '-o', form]),
    ...['table', 'wide', 'json', 'yaml'].flatMap((form) => [['status', '-o', form], ['alerts', '-o', form]]),
    ['propose'], ['propose', '-o', 'json'], ['propose', '--include-observed', '--default-deny'], ['db', 'stats'], ['db', 'check'], ['review', '--all', '-o', 'table'], ['review', '--all', '-o', 'json'],
    ...workloads.map(({ namespace, workload }) => ['explain', `${namespace}/${workload}`]),
    ...alerts.map(({ id }) => ['alerts', 'show', id]),
  ];
  const answers = new Map<string, Result>();
  for (const command of commands) answers.set(command.join(' '), await session.run(...command));
  return answers;
}

describe('bad records among good ones', () => {
  it.each([
    ['Hubble’s packets and requests', [...GOOD_L4, ...GOOD_L7], BAD_HUBBLE, GOOD_L4.length + GOOD_L7.length / 2, { reply: GOOD_L7.length / 2 }],
    ['access logs', GOOD_ENVOY, BAD_ENVOY, GOOD_ENVOY.length, {}],
  ] as const)('are skipped, each for its reason, and all good ones count: %s', async (_, good, bad, flows, more) => {
    const session = new Session();
    const summary = await session.json<Summary>('observe', session.write('mixed.log', mixed(good, bad)));
    expect(summary).toMatchObject({ records: good.length + bad.length, flows });
    expect(summary.skipped).toEqual({ reply: 0, malformed: 0, ...more, ...reasons(bad) });
    expect((await session.run('db', 'check')).status).toBe(0);
  });

  it.each([
    ['Hubble', GOOD_L4[0]!, BAD_HUBBLE],
    ['Envoy', GOOD_ENVOY[0]!, BAD_ENVOY],
  ])('are each told of by name: %s', async (_, good, bad) => {
    const told: string[] = [];
    for (const [what, record] of bad) {
      const { status, out, err } = await footpath(['flows', '-', '-o', 'json'], { stdin: Buffer.concat([asLine(good), asLine(record), asLine(good)]) });
      expect([what, status, err]).toEqual([what, 0, '']);
      const lines = out.trimEnd().split('\n').map((line) => JSON.parse(line) as { readonly skipped: string | null });
      told.push(`${what}: ${lines.flatMap(({ skipped }) => skipped ?? []).join()}, ${lines.filter(({ skipped }) => skipped === null).length} good`);
    }
    expect(told).toEqual(bad.map(([what, , reason]) => `${what}: ${reason}, 2 good`));
  });

  it('make no edge, and change none', async () => {
    const [clean, dirty] = [new Session(), new Session()];
    await clean.json('observe', clean.write('a.log', [...GOOD_L4, ...GOOD_L7]), clean.write('b.log', GOOD_ENVOY));
    await dirty.json('observe', dirty.write('a.log', mixed([...GOOD_L4, ...GOOD_L7], BAD_HUBBLE)), dirty.write('b.log', mixed(GOOD_ENVOY, BAD_ENVOY)));
    const text = async (session: Session): Promise<string> => (await session.run('edges', '-o', 'json')).out;
    expect(await text(dirty)).toBe(await text(clean));
    expect((await clean.edges()).map(edgeText)).toEqual(['shop/web -> shop/cart 8080/TCP accepted']);
  });

  it('leave every object as it was', async () => {
    const session = new Session();
    await session.json('observe', session.write('a.log', mixed([...GOOD_L4, ...GOOD_L7], BAD_HUBBLE)));
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('never end the program, whatever bytes are turned round', async () => {
    const lines = [...GOOD_L4.slice(0, 3), ...GOOD_L7.slice(0, 2), ...GOOD_ENVOY];
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lines), fc.array(change, { minLength: 1, maxLength: 8 }), async (line, changes) => {
        const bytes = Buffer.from(line);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        const { status, out, err } = await footpath(['flows', '-', '-o', 'json'], { stdin: Buffer.concat([asLine(line), asLine(bytes), asLine(line)]) });
        expect([status, err]).toEqual([0, '']);
        expect(out.split('\n').length).toBeGreaterThanOrEqual(4);
      }),
      { numRuns: 60 },
    );
  });
});

describe('secrets in requests', () => {
  it('are nowhere in the files of the database, nor in any answer', async () => {
    const session = new Session();
    const logs = [session.write('flows.log', mixed([...GOOD_L4, ...GOOD_L7], BAD_HUBBLE)), session.write('access.log', mixed(GOOD_ENVOY, BAD_ENVOY))];
    await session.json('observe', ...logs);
    await session.run('watch', '-A');
    const stored = filesBelow(session.folder).filter((path) => !logs.includes(path));
    expect(stored).toContain(session.db);
    for (const path of stored) {
      const bytes = readFileSync(path, 'latin1');
      expect(SECRETS.filter((secret) => bytes.includes(secret))).toEqual([]);
    }
    for (const { out, err } of (await everyAnswer(session)).values()) expect(SECRETS.filter((secret) => `${out}${err}`.includes(secret))).toEqual([]);
  });

  it('leave what a policy needs of the request: the method, and the words of its path', async () => {
    const session = new Session();
    await session.json('observe', session.write('flows.log', GOOD_L7), session.write('access.log', [...GOOD_ENVOY]));
    const paths = (await session.edges()).flatMap(({ operations }) => operations.map(({ method, path }) => `${method} ${path}`));
    expect(paths).toEqual(expect.arrayContaining([`GET ${KEPT_PATH}`, 'GET /search']));
    for (const path of paths) expect(path).toMatch(/^GET \/[a-zA-Z0-9/{}%.$()_~!&'*+,=:;-]*$/);
  });

  it('are not shown by flows either', async () => {
    const shown = [await footpath(['flows', '-'], { stdin: GOOD_L7.join('\n') }), await footpath(['flows', '-'], { stdin: GOOD_ENVOY.join('\n') })].map(({ out }) => out).join('');
    expect(SECRETS.filter((secret) => shown.includes(secret))).toEqual([]);
  });
});

describe('what an attacker writes into a line', () => {
  it('makes no edge of somebody else: forged columns and X-Forwarded-For are words of the client', async () => {
    const session = new Session();
    await session.json('observe', session.write('flows.log', usualTraffic()), session.write('access.log', GOOD_ENVOY));
    const everything = (await session.run('edges', '-o', 'json')).out;
    for (const forged of ['10.0.0.66', '6.6.6.6', '198.51.100.77', '666']) expect(everything).not.toContain(forged);
  });

  it('is text in every answer, on stdout and on stderr', async () => {
    const session = new Session();
    await session.json('observe', session.write('flows.log', mixed([...GOOD_L4, ...GOOD_L7, ...usualTraffic()], BAD_HUBBLE)), session.write('access.log', mixed(GOOD_ENVOY, BAD_ENVOY)));
    await session.run('watch', '-A', '--comment', '\u001b[2J', '--by', '\u202eroot');
    await session.observe(few(2, { from: pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' }), to: METADATA, port: 80 }));
    await session.run('alerts', 'ack', (await session.alerts())[0]!.id, '--comment', 'a\u009b31mb\nc', '--by', 'x\u0007');
    for (const [command, { out, err }] of await everyAnswer(session)) expect([command, ACTIVE.exec(out), ACTIVE.exec(err)]).toEqual([command, null, null]);
  });

  it('is no label: a selector is never made of what breaks the grammar', async () => {
    const session = new Session();
    const odd = { ...pod('shop', 'odd-0', '10.0.5.1'), labels: ['k8s:note=# not: a [value]', 'k8s:x=\u001b[31m', 'k8s:y: {}=z', 'k8s:{{a}}=b'] };
    await session.observe(settledTraffic({ from: odd, to: pod('shop', 'db-0', '10.0.5.2', { app: 'db' }), port: 5432 }));
    const { out, err } = await session.run('propose');
    expect(err).toMatch(/^shop\/odd: no policy: /m);
    expect([ACTIVE.exec(out + err), (out + err).includes('not: a'), (out + err).includes('{{')]).toEqual([null, false, false]);
    expect(readFileSync(session.db, 'latin1')).not.toContain('not: a');
  });

  it('is text in the list of what was not understood', async () => {
    for (const form of ['table', 'json']) {
      const { out, err } = await footpath(['flows', '-', '-o', form], { stdin: mixed([...GOOD_L4, ...GOOD_L7], BAD_HUBBLE) });
      expect([ACTIVE.exec(out), err]).toEqual([null, '']);
    }
  });

  it('is text in the error of an unknown format', async () => {
    const { status, err } = await footpath(['observe', '-', '--db', ':memory:'], { stdin: '\u001b]0;pwned\u0007\u202e hello\n' });
    expect([status, ACTIVE.exec(err)]).toEqual([1, null]);
  });
});

/** Names and labels that are right for Kubernetes, and something else for YAML. */
const WORDS = ['null', 'true', 'no', 'on', 'y', '1e3', '0x1f', '0b11', '0777', '1-2', '12.0', '1.5e3', '2026-03-01'];

describe('names that mean something to YAML', () => {
  it.each(WORDS)('stay names: %s', async (word) => {
    const session = new Session();
    const name = word.replaceAll('.', '-');
    const odd = { ...pod(name, `${name}-0`, '10.0.5.1', { [word]: word, app: word }), workload: ['StatefulSet', word] } as const;
    const other = pod('shop', 'db-0', '10.0.5.2', { app: 'db' });
    await session.observe([...settledTraffic({ from: odd, to: other, port: 5432 }), ...settledTraffic({ from: other, to: odd, port: 80 })]);
    const { out } = await session.run('propose');
    const policies = await session.policies();
    expect(policies.map(({ metadata }) => metadata.namespace)).toEqual([name, 'shop'].toSorted());
    expect(JSON.stringify(policies)).toContain(`"${word}"`);
    for (const version of ['1.1', '1.2'] as const) expect(parseAllDocuments(out, { version }).map((document) => document.toJS() as unknown)).toEqual(policies);
    expect(parse((await session.run('edges', '-o', 'yaml')).out, { version: '1.1' })).toEqual(await session.edges());
  });
});
