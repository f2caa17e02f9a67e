import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLocated, type LocatedObject } from '../../src/kubernetes/located.ts';
import { scratch } from '../support/cli.ts';

const read = (content: string, name = 'all.yaml') => {
  const path = join(scratch(), name);
  writeFileSync(path, content);
  return readLocated([path]);
};
const only = (content: string, name?: string): LocatedObject => {
  const { objects } = read(content, name);
  expect(objects).toHaveLength(1);
  return objects[0]!;
};

const POLICY = `# a comment
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: p
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: web
      app: web
  ingress:
  - from:
    - podSelector: {}
    - ipBlock:
        cidr: 10.0.0.0/8
  - ports: [{port: 80}, {port: 81}]
`;

describe('where fields are', () => {
  it.each([
    ['spec', 6],
    ['spec.podSelector', 7],
    ['spec.podSelector.matchLabels.app.kubernetes.io/name', 9],
    ['spec.podSelector.matchLabels.app', 10],
    ['spec.ingress[0]', 12],
    ['spec.ingress[0].from[1].ipBlock.cidr', 15],
    ['spec.ingress[1].ports[1].port', 16],
    ['spec.ingress[1].ports[7].port', 16],
    ['spec.egress[0].to', 6],
    ['metadata.namespace', 4],
    ['', 2],
  ])('%s', (field, line) => {
    expect(only(POLICY).lineOf(field)).toBe(line);
  });

  it('counts on through the documents of a file, with Windows’ line ends too', () => {
    const { objects } = read(`${POLICY}---\r\n${POLICY.replaceAll('\n', '\r\n')}`);
    expect(objects.map((one) => one.lineOf('spec.podSelector'))).toEqual([7, 24]);
  });

  it('finds the items of a list', () => {
    const list = 'apiVersion: v1\nkind: List\nitems:\n-\n  kind: NetworkPolicy\n  spec: {podSelector: {}}\n- kind: NetworkPolicy\n  metadata: {name: x}\n  spec: {}\n';
    expect(read(list).objects.map((one) => one.lineOf('spec'))).toEqual([6, 9]);
  });

  it('knows them in JSON, and does without in large files of it', () => {
    const json = JSON.stringify({ kind: 'NetworkPolicy', spec: { podSelector: {} } }, null, 2);
    expect(only(json, 'a.json').lineOf('spec.podSelector')).toBe(4);
    const large = JSON.stringify({ kind: 'List', items: [{ kind: 'NetworkPolicy', metadata: { annotations: { a: 'x'.repeat(1 << 20) } }, spec: {} }] });
    expect(only(large, 'b.json').lineOf('spec')).toBeNull();
  });
});

describe('what a cluster’s reader makes of YAML', () => {
  const label = (text: string): unknown => (only(`kind: A\nlabels: {a: ${text}}\n`).object as { readonly labels: { readonly a: unknown } }).labels.a;

  it.each<[string, unknown]>([
    ['y', true],
    ['on', true],
    ['Off', false],
    ['010', 8],
    ['0x10', 16],
    ['1_000', 1000],
    ['"on"', 'on'],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['12:30:45', '12:30:45'],
    ['1:30', '1:30'],
    ['~', null],
  ])('%s', (text, value) => {
    expect(label(text)).toEqual(value);
  });

  it('a key twice: the last one counts, and both are told', () => {
    const one = only('kind: A\nspec:\n  a: 1\n  b: 2\n  a: 3\n');
    expect([one.object, one.repeated]).toEqual([{ kind: 'A', spec: { a: 3, b: 2 } }, [{ key: 'a', line: 5 }]]);
  });

  it('a key that stands twice in one object is not the other one’s', () => {
    const { objects } = read('kind: List\nitems:\n- kind: A\n  a: 1\n  a: 2\n- kind: B\n  a: 1\n');
    expect(objects.map(({ kind, repeated }) => [kind, repeated.length])).toEqual([['A', 1], ['B', 0]]);
  });

  it('a broken document leaves its neighbours alone, and has its place', () => {
    const { objects, broken } = read('kind: A\n---\na: [b\n---\nkind: C\n');
    expect([objects.map(({ kind }) => kind), broken.map(({ line }) => line)]).toEqual([['A', 'C'], [4]].map((all) => all as unknown[]));
    expect(broken[0]?.message).not.toBe('');
  });

  it('an alias stands for what it names; too many of them are refused', () => {
    expect(only('kind: A\na: &x {b: 1}\nc: *x\n').object).toEqual({ kind: 'A', a: { b: 1 }, c: { b: 1 } });
    const bomb = ['kind: A', 'a0: &a0 [x]', ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`)].join('\n');
    expect(read(bomb).broken).toHaveLength(1);
  });

  it('a map of many keys, and a field with many dots, take no longer than they are', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}`);
    const one = only(`kind: A\nspec:\n${keys.map((key) => `  ${key}: 1\n`).join('')}`);
    expect(keys.map((key) => one.lineOf(`spec.${key}`))).toEqual(keys.map((_, i) => i + 3));
    expect(one.lineOf(`spec${'.k1'.repeat(100_000)}`)).toBe(4);
  });

  it('one object that aliases list many times has its repeated keys each time', () => {
    const { objects } = read(`items:\n- &a {kind: A, b: 1, b: 2}\n${'- *a\n'.repeat(1_000)}kind: List\n`);
    expect(objects).toHaveLength(1_001);
    expect(new Set(objects.map(({ repeated }) => JSON.stringify(repeated)))).toEqual(new Set(['[{"key":"b","line":2}]']));
  });

  it('any text is read or refused, and every field of what is read has a line', () => {
    const piece = fc.constantFrom('kind: A\n', 'spec:\n', '  a: 1\n', '  - b\n', '- ', '---\n', '{', '}', '[', ']', ': ', '&x ', '*x', '<<: *x\n', '"', '\t', '\r\n', '\ufeff', '# c\n', '|\n', '? ', '!!int ');
    const path = join(scratch(), 'any.yaml');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        writeFileSync(path, pieces.join(''));
        const { objects, broken } = readLocated([path]);
        for (const one of objects) for (const field of ['', 'spec', 'spec.a[0].b', 'kind']) expect(one.lineOf(field)).toBeGreaterThan(0);
        for (const { line, message } of broken) expect([line > 0, message.includes('\n')]).toEqual([true, false]);
      }),
      { numRuns: 500 },
    );
  });

  it('nothing of an empty document, and everything of a folder', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'sub'));
    for (const name of ['b.yaml', 'a.yml', 'c.txt', 'sub/d.json']) writeFileSync(join(folder, name), name.endsWith('json') ? '{"kind":"D"}' : `---\n\n---\nkind: ${name.slice(0, 1).toUpperCase()}\n`);
    const { files, objects } = readLocated([folder]);
    expect([files, objects.map(({ kind, file }) => `${kind} ${file.slice(folder.length + 1)}`)]).toEqual([3, ['A a.yml', 'B b.yaml', 'D sub/d.json']]);
  });
});
