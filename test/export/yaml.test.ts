import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { printDocument, toYaml, yamlDocument } from '../../src/export/yaml.ts';

const VERSIONS = ['1.1', '1.2'] as const;

describe('YAML', () => {
  it('is written as kubectl writes it: two spaces, lists not indented, lines never folded', () => {
    const long = 'a word '.repeat(40).trim();
    expect(toYaml({ a: { list: [{ x: 1, empty: [] }, 'z'] }, long, empty: {} })).toBe(`a:\n  list:\n  - x: 1\n    empty: []\n  - z\nlong: ${long}\nempty: {}\n`);
  });

  it.each(['on', 'off', 'no', 'y', 'N', 'null', '~', 'true', '0123', '0x1f', '0b1', '1e3', '1_000', '1.5', '.5', '12-30', '2026-03-02', '.nan', '', ' a', 'a ', '-', '---', '- a', 'a: b', 'a #b', '# a', '!a', '&a', '*a', '@a', '`a', '%a', '{a', '[a', '"a', "'a", '|', '>', 'a\nb', '\t', '\u2028', '\u0007'])(
    'the text %j stays a text, whichever YAML it is read as',
    (text) => {
      for (const version of VERSIONS) expect(parse(toYaml({ text, list: [text] }), { version })).toEqual({ text, list: [text] });
    },
  );

  it('has no anchors: what several rules share is written in each', () => {
    const shared = { matchLabels: { app: 'web' } };
    expect(toYaml({ a: shared, b: [shared] })).toBe('a:\n  matchLabels:\n    app: web\nb:\n- matchLabels:\n    app: web\n');
  });

  it('whatever is written reads back as it was', () => {
    const value = fc.jsonValue({ maxDepth: 3 }).map((any) => JSON.parse(JSON.stringify(any)) as unknown);
    fc.assert(
      fc.property(value, (any) => {
        // A key of << merges in YAML 1.1, and no object of ours has one.
        fc.pre(!JSON.stringify(any).includes('<<'));
        const document = yamlDocument(any);
        expect(parse(toYaml(any), { version: '1.1' })).toEqual(any);
        expect(parse(printDocument(document), { version: '1.1' })).toEqual(any);
        expect(parseAllDocuments(toYaml(any))).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });

  it('comments stand above what they are about, and nothing else changes', () => {
    const document = yamlDocument({ a: 1, b: 2 });
    document.commentBefore = ' said first';
    expect(printDocument(document)).toBe('# said first\n\na: 1\nb: 2\n');
  });
});

describe('texts that one reader takes for a number, and another does not', () => {
  it.each(['0o7', '0O14', '0X1F', '0B11', '-0x1F', '0b1'])('%s stays a text for each of them', (text) => {
    for (const version of ['1.1', '1.2'] as const) expect(parse(toYaml({ text, [text]: 1 }), { version })).toEqual({ text, [text]: 1 });
    expect(toYaml({ text })).toBe(`text: "${text}"\n`);
  });
});
