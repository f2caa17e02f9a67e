import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linted } from '../../support/lint.ts';

const folder = join(import.meta.dirname, '../../cases/policies');
const cases = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'expected.yaml')));

/** Without a resolver in the inventory, proposals cannot open DNS, and say so themselves. */
const KNOWN: ReadonlySet<string> = new Set(['dns-cut-off']);

describe('of what Footpath itself proposes', () => {
  it.each(cases)('lint has nothing to say: %s', (name) => {
    const files = ['expected.yaml', 'inventory.yaml'].map((file) => join(folder, name, file)).filter((path) => existsSync(path));
    const said = linted(files.map((path) => readFileSync(path, 'utf8'))).filter(({ rule }) => !KNOWN.has(rule));
    expect(said.map(({ rule, policy, field, message }) => `${rule} ${policy} ${field}: ${message}`)).toEqual([]);
  });
});
