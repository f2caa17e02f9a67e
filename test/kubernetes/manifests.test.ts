import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, text } from '../../src/kubernetes/object.ts';
import { readManifests, type ReadManifests } from '../../src/kubernetes/manifests.ts';
import { scratch } from '../support/cli.ts';
import { listObject, podObject } from '../support/inventory.ts';

/** Writes files into a folder of their own and reads the folder, or what is named in it. */
function read(files: Readonly<Record<string, string | Buffer>>, ...named: readonly string[]): ReadManifests {
  const folder = scratch();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const { objects, problems } = readManifests(named.length === 0 ? [folder] : named.map((name) => join(folder, name)));
  return { objects, problems: problems.map((problem) => problem.replaceAll(folder, '')) };
}

const names = ({ objects }: ReadManifests): readonly string[] =>
  objects.map(({ kind, object }) => `${kind} ${text(get(object, 'metadata', 'name')) ?? '?'}`);
const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
const json = (name: string): string => JSON.stringify(podObject({ namespace: 'shop', name }));

describe('manifests', () => {
  it.each<[string, string | Buffer, readonly string[]]>([
    ['one document', namespace('a'), ['Namespace a']],
    ['several', `${namespace('a')}---\n${namespace('b')}`, ['Namespace a', 'Namespace b']],
    [
      'a separator at both ends, and comments beside them',
      `--- # first\n${namespace('a')}--- # second\n${namespace('b')}---\n`,
      ['Namespace a', 'Namespace b'],
    ],
    ['empty documents', `---\n---\n# nothing\n---\n${namespace('a')}---\n---\n`, ['Namespace a']],
    ['an empty file', '', []],
    ['a byte order mark', `\ufeff${namespace('a')}`, ['Namespace a']],
    ['carriage returns', `${namespace('a')}---\n${namespace('b')}`.replaceAll('\n', '\r\n'), ['Namespace a', 'Namespace b']],
    [
      'a separator within a text is none',
      'kind: Namespace\nmetadata:\n  name: a\n  annotations:\n    note: |\n      one\n      ---\n      two\n',
      ['Namespace a'],
    ],
    ['a key that begins like a separator is none', 'kind: Namespace\nmetadata:\n  name: a\n  annotations:\n    x: "1"\n---x: 2\n', ['Namespace a']],
    [
      'a list',
      'kind: List\nitems:\n- kind: Namespace\n  metadata: {name: a}\n- kind: Namespace\n  metadata: {name: b}\n',
      ['Namespace a', 'Namespace b'],
    ],
    ['a list whose items have no kind', 'kind: NamespaceList\nitems:\n- metadata: {name: a}\n', ['Namespace a']],
    ['JSON', json('web-1'), ['Pod web-1']],
    ['JSON, laid out', JSON.stringify(JSON.parse(json('web-1')), null, 4), ['Pod web-1']],
    ['a list in JSON', listObject([podObject({ namespace: 'shop', name: 'a' }), podObject({ namespace: 'shop', name: 'b' })]), ['Pod a', 'Pod b']],
    ['an array in JSON', `[${json('a')},${json('b')}]`, ['Pod a', 'Pod b']],
    ['JSON within YAML', `${json('a')}\n---\n${namespace('b')}`, ['Pod a', 'Namespace b']],
    ['YAML in flow style', '{kind: Namespace, metadata: {name: a}}\n', ['Namespace a']],
    [
      'anchors, aliases and merges',
      'kind: List\nitems:\n- &one\n  kind: Namespace\n  metadata: &m {name: a}\n- <<: *one\n  metadata: {<<: *m, name: b}\n',
      ['Namespace a', 'Namespace b'],
    ],
    ['the last of a repeated key', 'kind: Namespace\nkind: Pod\nmetadata: {name: a}\n', ['Pod a']],
  ])('are read from %s', (_, content, expected) => {
    const found = read({ 'x.yaml': content });
    expect(names(found)).toEqual(expected);
    if (expected.length > 0) expect(found.problems).toEqual([]);
  });

  it('follow YAML 1.2: what 1.1 took for a boolean or a number is a name', () => {
    const [only] = read({ 'x.yaml': 'kind: Namespace\nmetadata:\n  name: no\n  labels: {a: on, b: y, c: 2026-01-01, d: 012, e: 1_000}\n' }).objects;
    expect(get(only?.object, 'metadata')).toMatchObject({ name: 'no', labels: { a: 'on', b: 'y', c: '2026-01-01', e: '1_000' } });
  });

  it('are not spoiled by a broken neighbour, which is named', () => {
    const found = read({ 'x.yaml': `${namespace('a')}---\nkind: {broken\n---\n${namespace('b')}---\n\tkind: tab\n---\n${namespace('c')}` });
    expect(names(found)).toEqual(['Namespace a', 'Namespace b', 'Namespace c']);
    expect(found.problems).toHaveLength(2);
    expect(found.problems[0]).toMatch(/^\/x\.yaml: document 2 is left out: ./);
    expect(found.problems[1]).toMatch(/^\/x\.yaml: document 4 is left out: ./);
    for (const problem of found.problems) expect(problem).not.toContain('\n');
  });

  it.each([
    ['JSON', 'deep.json', JSON.stringify({ kind: 'Pod', metadata: { name: 'a', labels: { a: '@' } } }).replace('"@"', '['.repeat(100_000) + ']'.repeat(100_000))],
    ['flow style', 'deep.yaml', `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`],
    ['blocks', 'deep.yaml', Array.from({ length: 70 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('nested too deep are left out: %s', (_, name, content) => {
    const found = read({ [name]: content, 'good.yaml': namespace('a') });
    expect(names(found)).toEqual(['Namespace a']);
    expect(found.problems).toEqual([expect.stringMatching(/is left out: (?:it )?is nested deeper than 64 levels, as no object of Kubernetes is$/)]);
  });

  it('do not grow without end from aliases of aliases', () => {
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(10)
                .fill(`*a${i - 1}`)
                .join(',')
        }]`,
    ).join('\n');
    const found = read({ 'bomb.yaml': bomb, 'good.yaml': namespace('a') });
    expect(names(found)).toEqual(['Namespace a']);
    expect(found.problems).toHaveLength(1);
  });

  it('leave broken JSON and bytes that are no text out, and name them', () => {
    const found = read({
      'cut.json': json('a').slice(0, 200),
      'good.json': json('b'),
      'image.yaml': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0xfe, 0x7b]),
    });
    expect(names(found)).toContain('Pod b');
    expect(names(found).filter((name) => name.startsWith('Pod'))).toEqual(['Pod b']);
    expect(found.problems.some((problem) => problem.startsWith('/cut.json'))).toBe(true);
  });
});

describe('a folder', () => {
  it('is searched whole, in the order of names, for what looks like manifests', () => {
    const found = read({
      'b.yml': namespace('b'),
      'a/z.json': json('z'),
      'a/deep/er.yaml': namespace('deep'),
      'c.yaml': namespace('c'),
      'README.md': namespace('readme'),
      'values.yaml.tmpl': '{{ broken }}',
      '.yaml.swp': 'x',
    });
    expect(names(found)).toEqual(['Namespace deep', 'Pod z', 'Namespace b', 'Namespace c']);
  });

  it('is not left through links to folders, which can lead round and round, and its pipes are not waited for', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'real.txt'), namespace('linked'));
    for (const name of ['a.yaml', 'b.yaml']) symlinkSync('.', join(folder, name));
    symlinkSync('real.txt', join(folder, 'c.yaml'));
    execFileSync('mkfifo', [join(folder, 'd.yaml')]);
    expect(names(readManifests([folder]))).toEqual(['Namespace linked']);
  });

  it('with a link to nothing is an error that names it', () => {
    const folder = scratch();
    symlinkSync('nowhere', join(folder, 'x.yaml'));
    expect(() => readManifests([folder])).toThrow(/x\.yaml: cannot be read: ENOENT$/);
  });

  it('can be a support bundle, with a list for each kind and namespace', () => {
    const list = (kind: string, ...items: readonly object[]): string =>
      JSON.stringify({ kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items: items.map((item) => ({ ...item, kind: undefined })) });
    const pod = (ns: string, name: string): object => podObject({ namespace: ns, name });
    const found = read({
      'cluster-resources/pods/shop.json': list('Pod', pod('shop', 'web-1')),
      'cluster-resources/pods/pay.json': list('Pod', pod('pay', 'ledger-0')),
      'cluster-resources/nodes.json': list('Node', { metadata: { name: 'node-a' } }),
      'cluster-resources/pods/logs/shop/web-1/main.log': 'kind: Pod\n',
      'version.yaml': 'apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nspec:\n  versionNumber: 0.1.0\n',
    });
    expect(names(found)).toEqual(['Node node-a', 'Pod ledger-0', 'Pod web-1', 'SupportBundle ?']);
  });

  it('need not be one: a file that is named is read whatever it is called', () => {
    expect(names(read({ 'inventory.txt': namespace('a'), 'other.yaml': namespace('b') }, 'inventory.txt'))).toEqual(['Namespace a']);
  });

  it('that is not there is named with the reason', () => {
    expect(() => readManifests([join(scratch(), 'missing.yaml')])).toThrow(/missing\.yaml: cannot be read: ENOENT/);
  });
});
