import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footpath, scratch } from '../support/cli.ts';
import { books, cart, few, learnedShop, probes, refused, watchedShop, web } from '../support/shop.ts';
import { onTerminal, uncoloured } from '../support/terminal.ts';

const COMMANDS = [
  'observe', 'flows', 'edges', 'status', 'learn', 'watch', 'accept', 'reject', 'forget', 'alerts', 'propose', 'explain', 'simulate', 'demo', 'collectors', 'config', 'db', 'completion',
];

describe('help', () => {
  it('lists every command that people may use, on stdout', async () => {
    const { status, out, err } = await footpath(['--help']);
    expect([status, err]).toEqual([0, '']);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(out).not.toMatch(/^ {2}complete /m);
  });

  it.each(COMMANDS)('%s explains itself: --help, and help before it', async (command) => {
    const [after, before] = [await footpath([command, '--help']), await footpath(['help', command])];
    expect([after.status, after.err, before.status]).toEqual([0, '', 0]);
    expect(after.out).toMatch(new RegExp(`^Usage: footpath ${command}`));
    expect(before.out).toBe(after.out);
  });

  it('is what stands there if nothing is asked for', async () => {
    expect(await footpath([])).toMatchObject({ status: 0, out: (await footpath(['--help'])).out, err: '' });
  });

  it('needs neither a database nor a configuration', async () => {
    const { status } = await footpath(['edges', '--help', '--db', '/nowhere/x.db', '--config', '/nowhere/x.yaml']);
    expect(status).toBe(0);
  });

  it('tells the version', async () => {
    const { status, out, err } = await footpath(['--version']);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
});

describe('options of all commands', () => {
  it('stand on either side of the command', async () => {
    const session = await learnedShop();
    const wanted = (await footpath(['edges', '--db', session.db, '-o', 'name', '-n', 'pay'])).out;
    expect(wanted).toMatch(/^[0-9a-f]{16}\n$/);
    for (const args of [
      ['--db', session.db, '-o', 'name', '-n', 'pay', 'edges'],
      ['-n', 'pay', 'edges', '--db', session.db, '-o', 'name'],
      [`--db=${session.db}`, '-oname', 'edges', '--namespace=pay'],
      ['--output', 'name', 'edges', `--db=${session.db}`, '-npay'],
      ['-n', 'pay', '--db', session.db, 'edges', '--state', 'accepted', '--output=name'],
    ]) {
      expect((await footpath(args)).out).toBe(wanted);
    }
  });

  it('may have the name of a command as a value', async () => {
    const session = await learnedShop();
    const { status, out } = await footpath(['-n', 'edges', 'status', '--db', session.db, '-o', 'json']);
    expect([status, (JSON.parse(out) as { readonly workloads: unknown[] }).workloads]).toEqual([0, []]);
  });

  it('-A says what no -n means, and contradicts one', async () => {
    const session = await learnedShop();
    expect((await session.run('edges', '-A')).out).toBe((await session.run('edges')).out);
    expect(await session.run('edges', '-A', '-n', 'pay')).toMatchObject({ status: 2, out: '', err: 'footpath: -n and -A exclude each other: name one namespace, or all\n' });
  });

  it('--no-headers leaves out the headings, and nothing else', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    for (const command of ['edges', 'alerts', 'collectors']) {
      const [, ...rest] = (await session.run(command)).out.split('\n');
      const without = (await session.run(command, '--no-headers')).out.split('\n');
      expect(without.map((line) => line.replace(/ +/g, ' '))).toEqual(rest.map((line) => line.replace(/ +/g, ' ')));
    }
  });

  it('--quiet leaves nothing on stderr but errors', async () => {
    const session = await learnedShop();
    for (const args of [['watch', '-A'], ['propose', '--default-deny'], ['edges', '-n', 'nowhere'], ['alerts'], ['accept', '--all'], ['db', 'check'], ['observe', session.write('empty.log', '')]]) {
      expect((await session.run(...args, '--quiet')).err).toBe('');
    }
    expect((await session.run('accept', 'ffffff', '--quiet')).err).toMatch(/^footpath: ffffff: no edge has this id/);
  });
});

describe('where the database is', () => {
  it('is what the flag says, then the environment, then the configuration', async () => {
    const { db, write } = await learnedShop().then((session) => ({ db: session.db, write: session.write.bind(session) }));
    const missing = join(scratch(), 'missing.db');
    const [right, wrong] = [write('right.yaml', `database: ${db}\n`), write('wrong.yaml', `database: ${missing}\n`)];
    const found = { status: 0, err: '' };
    expect(await footpath(['edges', '--db', db], { env: { FOOTPATH_DB: missing } })).toMatchObject(found);
    expect(await footpath(['edges', '--config', wrong], { env: { FOOTPATH_DB: db } })).toMatchObject(found);
    expect(await footpath(['edges', '--config', right])).toMatchObject(found);
    expect(await footpath(['edges'], { env: { FOOTPATH_CONFIG: right } })).toMatchObject(found);
    expect((await footpath(['edges', '--config', wrong])).err).toContain(missing);
  });

  it('is nowhere for :memory:', async () => {
    const folder = scratch();
    const log = join(folder, 'a.log');
    writeFileSync(log, '');
    expect((await footpath(['observe', log, '--db', ':memory:', '-o', 'json'])).json()).toMatchObject({ records: 0 });
    expect(existsSync(join(folder, ':memory:'))).toBe(false);
  });
});

const READERS = [
  ['edges'], ['status'], ['alerts'], ['alerts', 'show', 'ab'], ['alerts', 'ack', 'ab'], ['learn', '-A'], ['watch', '-A'], ['accept', '--all'], ['reject', '--all'], ['forget', 'abcd'], ['propose'],
  ['explain', 'shop/web'], ['db', 'check'], ['db', 'stats'], ['db', 'backup', 'copy.db'],
];

describe('a database that is not there', () => {
  it.each(READERS)('is an error of one line that says what to do, and is not made: %s %s', async (...args) => {
    const db = join(scratch(), 'no.db');
    const result = await footpath([...args.filter((arg) => arg !== undefined), '--db', db]);
    expect(result).toMatchObject({ status: 1, out: '', err: `footpath: ${db}: no such database; read some logs first (footpath observe), or name one with --db\n` });
    expect(existsSync(db)).toBe(false);
  });

  it('is made by observe, but not its folder', async () => {
    const folder = scratch();
    const log = join(folder, 'a.log');
    writeFileSync(log, '');
    const { status, err } = await footpath(['observe', log, '--db', join(folder, 'no', 'such.db')]);
    expect([status, err]).toEqual([1, `footpath: ${join(folder, 'no', 'such.db')}: cannot create the database: its folder does not exist; make it, or name another with --db\n`]);
  });
});

describe('a database that is none', () => {
  it.each([
    ['a text file', (path: string) => writeFileSync(path, 'not a database at all, but long enough to be read as one\n'.repeat(50))],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('is an error of one line that names it: %s', async (_, make) => {
    const path = join(scratch(), 'x.db');
    make(path);
    const { status, out, err } = await footpath(['edges', '--db', path]);
    expect([status, out, err.split('\n').length]).toEqual([1, '', 2]);
    expect(err.startsWith(`footpath: ${path}: `)).toBe(true);
    expect(err).toMatch(/name another with --db|check the path/);
  });
});

describe('wrong usage', () => {
  it.each([
    ['an unknown command', ['obsrve']],
    ['an unknown option', ['edges', '--stat', 'accepted']],
    ['an argument too many', ['status', 'now']],
    ['an option without its value', ['edges', '--state']],
    ['an argument too few', ['explain']],
    ['an unknown word of alerts', ['alerts', 'shw', 'ab']],
    ['an option whose name would act', ['edges', '--a\u001b[31m']],
    ['two of one option', ['edges', '--state', 'accepted', 'rejected']],
  ])('exits with 2, prints no data, and says so in one line: %s', async (_, args) => {
    const { status, out, err } = await footpath(args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^footpath: [^\n\u001b]+\n$/);
  });

  it.each([
    ['edges', 'jsn', 'json'],
    ['edges', 'mermiad', 'mermaid'],
    ['status', 'yml', 'yaml'],
    ['alerts', 'wid', 'wide'],
    ['collectors', 'jason', 'json'],
    ['propose', 'jsson', 'json'],
  ])('%s -o %s asks whether %s was meant', async (command, form, meant) => {
    const session = await learnedShop();
    const { status, out, err } = await session.run(command, '-o', form);
    expect([status, out, err.split('\n').length]).toEqual([2, '', 2]);
    expect(err).toContain(`footpath: -o ${form}: no such form here; did you mean ${meant}? (`);
  });

  it.each([
    [['propose', '-o', 'csv']],
    [['status', '-o', 'dot']],
    [['flows', '-o', 'wide', 'x.log']],
    [['observe', '-o', 'yaml', 'x.log']],
    [['collectors', '-o', 'wide']],
    [['db', 'stats', '-o', 'name']],
    [['explain', 'shop/web', '-o', 'yaml']],
    [['alerts', 'show', 'ab', '-o', 'wide']],
  ])('a form that others have is none here: %j', async (args) => {
    const session = await learnedShop();
    const { status, out, err } = await session.run(...args);
    expect([status, out, err.split('\n').length]).toEqual([2, '', 2]);
    expect(err).toMatch(/^footpath: -o \w+: no such form here/);
  });

  it.each([
    [['edges', '--state', 'acepted'], 'footpath: --state acepted: no such state; did you mean accepted? (observed, accepted, rejected)\n'],
    [['alerts', '--state', 'fireing'], 'footpath: --state fireing: no such state; did you mean firing? (firing, acknowledged, accepted, rejected, muted, resolved)\n'],
    [['alerts', '--severity', 'hihg'], 'footpath: --severity hihg: no such severity; did you mean high? (low, medium, high, critical)\n'],
    [['alerts', '--fail-on', 'severe'], 'footpath: --fail-on severe: no such severity (low, medium, high, critical)\n'],
    [['observe', '--fail-on', 'mediun', 'x.log'], 'footpath: --fail-on mediun: no such severity; did you mean medium? (low, medium, high, critical)\n'],
    [['propose', '--as', 'kubernets'], /^footpath: --as kubernets: no such form; did you mean kubernetes\? \(kubernetes/],
    [['edges', '--since', 'yesterday'], 'footpath: yesterday: is no time; write 2h, 7d, or 2026-03-01T12:00:00Z\n'],
    [['alerts', '--since', '3x'], 'footpath: 3x: is no time; write 2h, 7d, or 2026-03-01T12:00:00Z\n'],
    [['forget', '--before', ''], 'footpath: : is no time; write 2h, 7d, or 2026-03-01T12:00:00Z\n'],
    [['completion', 'csh'], 'footpath: csh: no such shell (bash, zsh, fish, powershell)\n'],
  ])('a value that is none is named, with what there is: %j', async (args, message) => {
    const session = await learnedShop();
    const { status, out, err } = await session.run(...args);
    expect([status, out]).toEqual([2, '']);
    if (typeof message === 'string') expect(err).toBe(message);
    else expect(err).toMatch(message);
  });
});

describe('a terminal', () => {
  it('gets colours and a word on what to do next, on stderr', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    for (const command of ['edges', 'status', 'alerts']) {
      const plain = await session.run(command);
      const shown = await onTerminal([command, '--db', session.db], { columns: 300 });
      expect(uncoloured(shown.out)).toBe(plain.out);
      expect(shown.out).not.toBe(plain.out);
      expect([plain.err, shown.err.startsWith('next: footpath ')]).toEqual(['', true]);
    }
  });

  it.each([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['a dumb terminal', { TERM: 'dumb' }],
  ])('gets plain text where it asks for it: %s', async (_, env) => {
    const session = await learnedShop();
    expect((await onTerminal(['edges', '--db', session.db], { env, columns: 300 })).out).toBe((await session.run('edges')).out);
  });

  it('gets colours although NO_COLOR is there, but empty', async () => {
    const session = await learnedShop();
    expect((await onTerminal(['edges', '--db', session.db], { env: { NO_COLOR: '' } })).out).toContain('\u001b[');
  });

  it('gets no hint with --quiet', async () => {
    const session = await learnedShop();
    expect((await onTerminal(['edges', '--quiet', '--db', session.db])).err).toBe('');
  });

  it('gets tables that fit, whatever flags there are', async () => {
    const session = await learnedShop();
    await session.observe([...probes(10), ...few(1, { from: web, to: books, port: 22 }, refused)]);
    const lines = uncoloured((await onTerminal(['edges', '--db', session.db])).out).trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines.join('\n')).toContain('…');
  });

  it('gets tables that fit, with the port whole', async () => {
    const session = await learnedShop();
    const long = { ip: '10.0.0.60', namespace: 'a-namespace-with-a-rather-long-name', pod: 'recommendation-service-for-everybody-6d9c5b8f7-x7x2l', labels: ['k8s:app=r'] };
    await session.observe([...few(3, { from: long, to: cart, port: 12_345 }), ...few(3, { from: long, to: books, port: 54_321 })]);
    for (const columns of [100, 120]) {
      const lines = uncoloured((await onTerminal(['edges', '--db', session.db], { columns })).out).trimEnd().split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(lines.join('\n')).toMatch(/12345\/TCP[^]*54321\/TCP|54321\/TCP[^]*12345\/TCP/);
    }
    expect(uncoloured((await onTerminal(['edges', '-o', 'wide', '--db', session.db], { columns: 100 })).out)).toContain('a-namespace-with-a-rather-long-name/recommendation-service-for-everybody');
  });
});

describe('a pipe', () => {
  it('gets plain text, whole names, and no hints', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    for (const args of [['edges'], ['status'], ['alerts'], ['propose'], ['collectors'], ['explain', 'shop/web']]) {
      const { out, err } = await session.run(...args);
      expect(out).not.toMatch(/\u001b|…/);
      expect(err).not.toContain('next:');
    }
  });
});
