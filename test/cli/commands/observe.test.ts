import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { footpath, Session, type Summary } from '../../support/cli.ts';
import { accessLine, outbound } from '../../support/envoy.ts';
import { connection, hubbleLine, pod, WORLD } from '../../support/hubble.ts';
import { listObject, nodeObject, podObject } from '../../support/inventory.ts';
import { books, cart, few, HABITS, HOUR, LATER, must, onlyAlert, usualTraffic, watchedShop, web } from '../../support/shop.ts';

const USUAL = HABITS[0]!;
const LINES = [
  ...connection(USUAL),
  hubbleLine({ ...USUAL, extra: { is_reply: undefined, l4: { TCP: { source_port: 40_000, destination_port: 8080, flags: { ACK: true } } } } }),
  hubbleLine({ from: { ip: '10.0.55.5' }, to: cart, port: 8080 }),
  '{"flow":',
  '{"node_status":{"state_change":"NODE_CONNECTED"},"node_name":"node-a"}',
  '{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":"12"},"node_name":"node-a","time":"2026-03-02T12:00:00Z"}',
];

describe('the summary of a run', () => {
  it('is the only thing on stdout, and has the fields of the contract', async () => {
    const session = new Session();
    const log = session.write('a.log', LINES);
    const { status, out, err } = await session.run('observe', log, '-o', 'json');
    expect([status, err, out.split('\n').length]).toEqual([0, '', 2]);
    expect(JSON.parse(out)).toEqual({
      records: 7,
      flows: 2,
      skipped: { reply: 1, malformed: 1, unoriented: 1, 'not-a-flow': 1, 'lost-events': 1 },
      edges: 1,
      newEdges: 1,
      unresolved: 1,
      overflow: 0,
      unsure: 3,
      lost: 12,
      alerts: 0,
      bytes: LINES.reduce((sum, line) => sum + line.length + 1, 0),
      seconds: 0,
    });
  });

  it('counts what is unresolved among the flows, where a record shows two connections', async () => {
    const gateway = (n: number): string =>
      accessLine({ cluster: 'outbound|80||web.shop.svc.cluster.local', host: '10.0.0.5:8080', upstreamLocal: `10.0.0.9:${41_000 + n}`, downstreamLocal: '10.0.0.9:8443', downstreamRemote: `10.0.0.7:${50_000 + n}` });
    const { flows, unresolved } = await new Session().observe([gateway(0), gateway(1), gateway(2)]);
    expect([flows, unresolved]).toEqual([3, 3]);
  });

  it('accounts for every record', async () => {
    const { records, flows, skipped } = await new Session().observe([...LINES, ...usualTraffic(), ...LINES]);
    expect(records).toBe(flows + Object.values(skipped).reduce((sum, n) => sum + n, 0));
  });

  it('says replies and malformed records even if there are none', async () => {
    expect((await new Session().observe([hubbleLine(USUAL)])).skipped).toEqual({ reply: 0, malformed: 0 });
  });

  it('tells the same in words', async () => {
    const session = new Session();
    const { out } = await session.run('observe', session.write('a.log', LINES));
    expect(out).toBe(
      [
        '7 records: 2 flows, 1 reply, 4 skipped (1 unoriented, 1 not-a-flow, 1 lost-events, 1 malformed)',
        '1 edge between 2 workloads, 1 new; 1 flagged; 50.0 % unresolved; 12 events lost at the source',
        '',
      ].join('\n'),
    );
  });

  it('is of this run alone', async () => {
    const session = new Session();
    await session.observe(usualTraffic());
    const summary = await session.observe(few(2, { ...USUAL, time: LATER }));
    expect(summary).toMatchObject({ records: 4, flows: 2, edges: 1, newEdges: 0 });
  });

  it('counts the alerts that this run raised', async () => {
    const session = await watchedShop();
    expect((await session.observe(few(2, { from: cart, to: books, port: 9000 }))).alerts).toBe(1);
    expect((await session.observe(few(2, { from: cart, to: books, port: 9000, time: LATER + 5_000 }))).alerts).toBe(0);
    expect((await session.observe(few(2, { from: cart, to: books, port: 9001 }))).alerts).toBe(1);
  });

  it('counts an alert that fires again after it was rejected, once', async () => {
    const session = await watchedShop();
    const used = async (hours: number): Promise<number> => (await session.observe(few(2, { from: cart, to: books, port: 9000, time: LATER + hours * HOUR }))).alerts;
    await used(0);
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    expect([await used(1), await used(2)]).toEqual([1, 0]);
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    expect(await used(3)).toBe(1);
  });
});

describe('reading the same twice', () => {
  it('adds nothing', async () => {
    const session = new Session();
    const log = session.write('a.log', usualTraffic());
    await session.json('observe', log);
    const before = await session.edges();
    expect(await session.json<Summary>('observe', log)).toMatchObject({ records: 0, flows: 0, edges: 0, newEdges: 0, bytes: 0 });
    expect(await session.edges()).toEqual(before);
  });

  it('adds what was written since', async () => {
    const session = new Session();
    const log = session.write('a.log', connection(USUAL));
    await session.json('observe', log);
    appendFileSync(log, `${hubbleLine({ ...USUAL, time: LATER })}\n`);
    expect(await session.json<Summary>('observe', log)).toMatchObject({ records: 1, flows: 1, newEdges: 0 });
    expect((await session.edges())[0]?.connections).toBe(2);
  });
});

describe('what is read', () => {
  it('standard input, for -', async () => {
    const session = new Session();
    const result = await footpath(['observe', '-', '--db', session.db, '-o', 'json'], { stdin: usualTraffic().join('\n') });
    expect(result.json()).toMatchObject({ flows: 36, newEdges: 4 });
  });

  it('files, folders and patterns together, each file once', async () => {
    const session = new Session();
    mkdirSync(join(session.folder, 'logs/deep'), { recursive: true });
    for (const [name, habit] of [['logs/a.log', 0], ['logs/deep/b.log', 1], ['c.log', 2]] as const) session.write(name, connection(HABITS[habit]!));
    const summary = await session.json<Summary>('observe', join(session.folder, 'logs'), join(session.folder, '*.log'), join(session.folder, 'c.log'));
    expect(summary).toMatchObject({ records: 6, newEdges: 3 });
  });

  it('several formats at once, each told from its first records', async () => {
    const session = new Session();
    const flows = session.write('flows.log', usualTraffic());
    const access = session.write('access.log', [outbound({ host: '10.0.0.2:8080', upstreamLocal: '10.0.0.1:41000' })]);
    await session.json('observe', flows, access);
    const edge = (await session.edges()).find(({ port }) => port === 8080);
    expect(edge?.collectors).toEqual(['envoy-access-log', 'hubble']);
  });

  it('the inventory first, wherever it stands on the line', async () => {
    const session = new Session();
    const cluster = session.write('cluster.json', listObject([
      nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'),
      podObject({ namespace: 'shop', name: 'db-0', ip: '10.0.0.3', owner: ['StatefulSet', 'db'], start: '2026-03-01T00:00:00Z' }),
    ]));
    const summary = await session.json<Summary>('observe', session.write('a.log', connection({ from: web, to: { ip: '10.0.0.3' }, port: 5432 })), '--inventory', cluster);
    expect(summary).toMatchObject({ unresolved: 0, newEdges: 1 });
  });
});

describe('what cannot be read', () => {
  const wrong = async (...args: readonly string[]) => {
    const session = new Session();
    const { status, out, err } = await session.run('observe', ...args);
    return { status, out, err };
  };

  it.each([
    [[], 2, 'name files, folders or patterns to read, or - for standard input'],
    [['-', '-'], 2, '- is given twice: standard input can be read once'],
    [['/nowhere/a.log'], 1, '/nowhere/a.log: no such file'],
    [['/nowhere/*.log'], 1, '/nowhere/*.log: matches no file'],
    [['-', '--format', 'huble'], 2, '--format huble: no such format; did you mean hubble? (hubble, envoy-access-log)'],
    [['-', '--cluster', 'no cluster'], 2, '--cluster no cluster: is no name of a cluster (letters, digits, -, _ and .)'],
    [['-', '--cluster-cidr', '10.0.0.0/33'], 2, '--cluster-cidr 10.0.0.0/33: is no range of addresses; write it as 10.0.0.0/8 or fd00::/48'],
    [['-', '--access-log-format', '@/nowhere/format'], 1, '--access-log-format @/nowhere/format: cannot be read: ENOENT'],
    [['-', '--config', '/nowhere/c.yaml'], 1, '/nowhere/c.yaml: cannot be read: ENOENT'],
  ])('%j: status %i, in one line', async (args, status, message) => {
    expect(await wrong(...args)).toEqual({ status, out: '', err: `footpath: ${message}\n` });
  });

  it('a file in no known format says how it begins, and what to do', async () => {
    const session = new Session();
    const log = session.write('app.log', ['level=info msg="starting up, as every day"', 'level=info msg=ready']);
    const { status, out, err } = await session.run('observe', log);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(/^footpath: \S+app\.log: no known format \(first line: "level=info msg=.*…?.*"\); name one with --format .*--access-log-format\n$/);
  });

  it.each([
    ['a file in no known format', (folder: string) => {
      writeFileSync(join(folder, 'a\u001b[31m.log'), 'hello\n');
      return join(folder, 'a\u001b[31m.log');
    }],
    ['a damaged one', (folder: string) => {
      writeFileSync(join(folder, 'a\u001b[31m.gz'), gzipSync(connection(USUAL).join('\n')).subarray(0, -4));
      return folder;
    }],
    ['one that is not there', (folder: string) => join(folder, 'a\u001b[31m.log')],
  ])('%s is named without letting its name act', async (_, make) => {
    const { err } = await wrong(make(new Session().folder));
    expect(err).toContain('a\\u001b[31m');
    expect(err).not.toContain('\u001b');
  });

  it('one that was found in a folder is left out, and the others are read', async () => {
    const session = new Session();
    mkdirSync(join(session.folder, 'logs'));
    writeFileSync(join(session.folder, 'logs/app.log'), 'level=info msg=ready\n');
    writeFileSync(join(session.folder, 'logs/flows.log'), connection(USUAL).join('\n'));
    const { status, out, err } = await session.run('observe', join(session.folder, 'logs'), '-o', 'json');
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ newEdges: 1 })]);
    expect(err).toMatch(/^footpath: .*app\.log.*\n$/);
    expect(err).toContain('left out');
  });

  it.each([
    ['is not there', null, /cannot be read|no such file/],
    ['holds an empty object', '{}', /holds no Kubernetes objects/],
    ['holds something else', 'nothing: here\n', /holds no Kubernetes objects/],
    ['holds kinds that are not the cluster’s', 'kind: Foo\n', /holds no Kubernetes objects/],
    ['holds no objects', '[]\n', /holds no Kubernetes objects; give what kubectl get pods,… -A -o json prints, or manifests\n$/],
  ])('an inventory that %s', async (_, content, message) => {
    const session = new Session();
    const path = content === null ? join(session.folder, 'no.json') : session.write('no.yaml', content);
    const { status, out, err } = await session.run('observe', session.write('a.log', LINES), '--inventory', path);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(message);
    expect(err).toContain(path);
  });
});

describe('--fail-on', () => {
  it.each([
    ['high', 3],
    ['medium', 3],
    ['critical', 0],
  ])('%s: exit status %i with an open alert that is high', async (severity, status) => {
    const session = await watchedShop();
    const log = session.write('a.log', few(2, { from: cart, to: books, port: 9000 }));
    const result = await session.run('observe', log, '--fail-on', severity, '-o', 'json');
    expect([result.status, result.json()]).toEqual([status, expect.objectContaining({ alerts: 1 })]);
  });

  it('looks at what is open afterwards, whoever raised it', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    const nothing = session.write('nothing.log', '');
    expect((await session.run('observe', nothing, '--fail-on', 'low')).status).toBe(3);
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    expect((await session.run('observe', nothing, '--fail-on', 'low')).status).toBe(0);
  });

  it('fails nothing while everybody learns', async () => {
    const session = new Session();
    expect((await session.run('observe', session.write('a.log', usualTraffic()), '--fail-on', 'low')).status).toBe(0);
  });
});

describe('files that were read before', () => {
  it('are said to be so where nothing new came: an empty file was not', async () => {
    const session = new Session();
    const [a, b, empty] = [session.write('a.log', connection(USUAL)), session.write('b.log', few(3, USUAL)), session.write('empty.log', '')];
    expect((await session.run('observe', a, b, empty)).err).toBe('');
    expect((await session.run('observe', a, empty)).err).toBe('footpath: nothing new in 1 file: what was read before is not read again\n');
    expect((await session.run('observe', a, b)).err).toBe('footpath: nothing new in 2 files: what was read before is not read again\n');
    expect((await session.run('observe', empty)).err).toBe('');
    appendFileSync(b, `${hubbleLine({ ...USUAL, time: LATER })}\n`);
    expect((await session.run('observe', a, b)).err).toBe('');
  });
});

describe('the share of what nobody is known to own', () => {
  it('is of flows, not of answers', async () => {
    const session = new Session();
    const summary = await session.observe(connection({ from: { ip: '10.0.77.7' }, to: cart, port: 8080 }));
    expect(summary).toMatchObject({ flows: 1, unresolved: 1, skipped: { reply: 1 } });
  });
  it('counts what was taken for an outside address before a pod was seen there', async () => {
    const session = new Session();
    const ip = '203.0.113.9';
    const summary = await session.observe([...few(3, { from: cart, to: WORLD(ip), port: 443 }), ...few(1, { from: pod('shop', 'late-0', ip), to: cart, port: 8080, time: LATER })]);
    expect(summary).toMatchObject({ flows: 4, unresolved: 3 });
    expect((await session.json<{ readonly unresolved: number }>('status')).unresolved).toBe(0.75);
  });
  it('is the same in status', async () => {
    const session = new Session();
    await session.observe([...few(3, { from: web, to: cart, port: 8080 }), ...few(1, { from: { ip: '10.0.77.7' }, to: cart, port: 8080 })]);
    expect((await session.json<{ readonly unresolved: number }>('status')).unresolved).toBe(0.25);
  });
});

describe('observe --jobs', () => {
  it('reads a small file as ever', async () => {
    const session = new Session();
    const log = session.write('a.log', LINES);
    const { status, out } = await session.run('observe', log, '--jobs', '2', '-o', 'json');
    expect([status, (JSON.parse(out) as Summary).records]).toEqual([0, 7]);
  });

  it.each([
    ['a number that is none', ['a.log', '--jobs', '0'], '--jobs 0: is no number of cores; give 1 or more'],
    ['with -f', ['a.log', '-f', '--jobs', '2'], '--jobs is for files that are read to their end: without -f and --kafka'],
    ['with --kafka', ['--kafka', 'a:1', '--topic', 't', '--jobs', '2'], '--jobs is for files that are read to their end: without -f and --kafka'],
  ])('is wrong usage: %s', async (_, args, message) => {
    const { status, err } = await footpath(['observe', ...args]);
    expect([status, err]).toEqual([2, `footpath: ${message}\n`]);
  });
});
