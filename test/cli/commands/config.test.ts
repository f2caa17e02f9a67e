import { join } from 'node:path';
import { DEFAULT_CONFIG, readConfig } from '../../../src/config.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { footpath, Session } from '../../support/cli.ts';
import { few, HABITS, unanswered } from '../../support/shop.ts';

describe('footpath config', () => {
  it('prints every key with its default, and finds its own print right', async () => {
    const { status, out, err } = await footpath(['config', 'print-default']);
    expect([status, err]).toEqual([0, '']);
    expect(parse(out)).toMatchObject({ database: 'footpath.db', cluster: null, clusterCidrs: [], inventory: { files: [] }, accessLogFormat: null, limits: { edges: 50_000, edgesPerWorkload: 2_000, outsideAddresses: 10_000, portsPerPair: 64, pathsPerService: 200 } });
    const path = new Session().write('default.yaml', out);
    expect(await footpath(['config', 'check', path])).toMatchObject({ status: 0, out: '', err: `${path}: right\n` });
  });

  it.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['JSON', '{"database": "x.db", "limits": {"edges": 10}}'],
    ['a few keys', 'cluster: prod\nclusterCidrs: [10.0.0.0/8, "fd00::/48"]\n'],
  ])('is content with %s', async (_, content) => {
    expect((await footpath(['config', 'check', new Session().write('c.yaml', content)])).status).toBe(0);
  });

  it.each([
    ['an unknown key', 'databse: x.db\n', 'databse: no such key, did you mean database?'],
    ['an unknown key within another', 'limits:\n  edge: 5\n', 'limits.edge: no such key, did you mean edges?'],
    ['a key that is like none', 'zzzzzzzz: 1\n', 'zzzzzzzz: no such key'],
    ['a value of the wrong type', 'database: 5\n', 'database: expected string'],
    ['a limit that is none', 'limits: { edges: -1 }\n', 'limits.edges: '],
    ['a range that is none', 'clusterCidrs: [10.0.0.0/40]\n', 'clusterCidrs.0: is no range of addresses (10.0.0.0/8)'],
    ['a list instead of keys', '- database\n', 'the file: expected object'],
    ['several at once', 'databse: x\ncluster: 7\n', '; '],
  ])('refuses %s in one line that names file and key', async (_, content, message) => {
    const path = new Session().write('c.yaml', content);
    const { status, out, err } = await footpath(['config', 'check', path]);
    expect([status, out, err.split('\n').length]).toEqual([2, '', 2]);
    expect(err.startsWith(`footpath: ${path}: `)).toBe(true);
    expect(err).toContain(message);
  });

  it.each([
    ['a list that does not end', 'database: [\n'],
    ['a text that does not end', 'database: "x\n'],
    ['two values of one key', 'database: a: b\n'],
    ['a list and keys', '- database\nlimits: {}\n'],
    ['braces that do not end', 'limits: {edges: 10\ncluster: prod\n'],
    ['a key given twice', 'cluster: a\ncluster: b\n'],
    ['two documents', 'cluster: a\n---\ncluster: b\n'],
    ['an alias of nothing', 'cluster: *a\n'],
  ])('refuses broken YAML in one line: %s', async (_, content) => {
    const path = new Session().write('c.yaml', content);
    const { status, out, err } = await footpath(['config', 'check', path]);
    expect([status, out, err.split('\n').length]).toEqual([2, '', 2]);
    expect(err.startsWith(`footpath: ${path}: is no valid YAML: `)).toBe(true);
  });

  it.each([['edges'], ['status'], ['watch', '-A'], ['observe', '-']])('is checked by every command that is given one: %s', async (...args) => {
    const session = new Session();
    const path = session.write('c.yaml', 'limts: {}\n');
    const { status, out, err } = await session.run(...args.filter((arg) => arg !== undefined), '--config', path);
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe(`footpath: ${path}: limts: no such key, did you mean limits? (footpath config print-default shows every key)\n`);
  });

  it('names the file by argument, flag or environment', async () => {
    const path = new Session().write('c.yaml', 'cluster: a\n');
    for (const [args, env] of [[[path], {}], [['--config', path], {}], [[], { FOOTPATH_CONFIG: path }]] as const) {
      expect((await footpath(['config', 'check', ...args], { env })).status).toBe(0);
    }
    expect(await footpath(['config', 'check'])).toMatchObject({ status: 2, out: '', err: 'footpath: name the file: footpath config check footpath.yaml\n' });
  });

  it('says when the file is not there', async () => {
    const path = join(new Session().folder, 'no.yaml');
    expect(await footpath(['config', 'check', path])).toMatchObject({ status: 1, out: '', err: `footpath: ${path}: cannot be read: ENOENT\n` });
  });

  it('sets limits that hold, with what is over them counted', async () => {
    const session = new Session();
    const path = session.write('c.yaml', 'limits: { edges: 2 }\n');
    const lines = HABITS.flatMap((habit) => few(1, habit, unanswered));
    expect(await session.observe(lines, '--config', path)).toMatchObject({ edges: 2, overflow: 2, flows: 4 });
  });

  it('names the cluster and its ranges', async () => {
    const session = new Session();
    const path = session.write('c.yaml', 'cluster: prod\nclusterCidrs: [203.0.113.0/24]\n');
    await session.observe(few(1, { from: HABITS[0]!.from, to: { ip: '203.0.113.7' }, port: 1 }), '--config', path);
    expect((await session.edges())[0]).toMatchObject({ source: { cluster: 'prod' }, destination: { kind: 'unresolved' } });
  });
});

describe('what config prints', () => {
  it('explains keys, and is a configuration: the one that holds where nothing is said', async () => {
    const session = new Session();
    const { out } = await session.run('config', 'print-default');
    expect(out).toContain('# not ready once not all that a source has was read for so long\nlagLimitSeconds: 300\n');
    expect(readConfig(session.write('c.yaml', out))).toEqual(DEFAULT_CONFIG);
  });

  it('is a schema for editors, too', async () => {
    const printed = await new Session().run('config', 'schema');
    expect(printed.json()).toMatchObject({ type: 'object', additionalProperties: false, properties: { listen: { default: '127.0.0.1:8470', type: 'string' }, sources: { type: 'array' } } });
  });

  it.each([
    ['sources: [{file: {paths: [a]}}, {file: {paths: [a]}}]', 'sources: file-1 and file-2 both read a'],
    ['sources: [{file: {paths: [a], format: huble}}]', '--format huble: no such format; did you mean hubble?'],
    ['listen: 0.0.0.0:8470', 'listen: others can reach 0.0.0.0'],
    ['listenTokenFile: /nowhere/token', 'listenTokenFile: /nowhere/token: cannot be read'],
  ])('check says what serve would: %s', async (content, message) => {
    const session = new Session();
    expect((await session.run('config', 'check', session.write('c.yaml', content))).err).toContain(message);
  });

  it('check says what a right one holds', async () => {
    const session = new Session();
    const path = session.write('c.yaml', 'sources: [{file: {paths: [a]}}]\nalerts: {targets: [{name: log, stdout: {}}]}\n');
    expect((await session.run('config', 'check', path)).err).toBe(`footpath: ${path}: right: reads file-1; tells log\n`.replace('footpath: ', ''));
  });
});
