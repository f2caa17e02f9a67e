import { describe, expect, it } from 'vitest';
import { FactTable } from '../../src/kubernetes/fact-table.ts';
import { get, text, type Json } from '../../src/kubernetes/object.ts';

interface Colour {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

function colours(): { readonly table: FactTable<Colour>; readonly told: string[] } {
  const told: string[] = [];
  const project = (object: Json): Colour | null => {
    const colour = text(get(object, 'colour'));
    return colour === null ? null : { name: text(get(object, 'metadata', 'name')) ?? '', labels: new Map([['colour', colour]]) };
  };
  const table = new FactTable(project, (change) => {
    const before = change.what === 'changed' ? ` from ${change.before.labels.get('colour')}` : change.what === 'gone' && !change.seen ? ' unseen' : '';
    told.push(`${change.what} ${change.fact.name} ${change.fact.labels.get('colour')}${before}`);
  });
  return { table, told };
}

const object = (name: string, colour: string | null, namespace = 'shop'): Json => ({ metadata: { name, namespace }, colour, status: 'whatever' });
const names = (table: FactTable<Colour>): readonly string[] => [...table.facts()].map(({ name, labels }) => `${name} ${labels.get('colour')}`);

describe('a table of facts', () => {
  it('tells what is added, changed and gone', () => {
    const { table, told } = colours();
    table.put(object('a', 'red'));
    table.put(object('a', 'blue'));
    table.remove(object('a', 'green'));
    expect(told).toEqual(['added a red', 'changed a blue from red', 'gone a green']);
    expect(names(table)).toEqual([]);
  });

  it('tells nothing of an object that says the same as before', () => {
    const { table, told } = colours();
    table.put(object('a', 'red'));
    const [before] = table.facts();
    table.put(object('a', 'red'));
    const [after] = table.facts();
    expect(told).toEqual(['added a red']);
    expect(after).toBe(before);
  });

  it('does not look at an object of the version that it knows, but at any that has none', () => {
    const { table, told } = colours();
    const of = (colour: string, resourceVersion: string): Json => ({ metadata: { name: 'a', resourceVersion }, colour });
    table.put(of('red', '7'));
    table.put(of('not looked at', '7'));
    table.put(of('blue', '8'));
    table.put(of('green', ''));
    table.put(of('grey', ''));
    expect(told).toEqual(['added a red', 'changed a blue from red', 'changed a green from blue', 'changed a grey from green']);
  });

  it('keeps what a list brings in the version that is known', () => {
    const { table } = colours();
    const known = { metadata: { name: 'a', resourceVersion: '7' }, colour: 'red' };
    table.put(known);
    table.listing();
    table.put(known);
    table.listed();
    expect(names(table)).toEqual(['a red']);
  });

  it('keeps equal names of two namespaces apart', () => {
    const { table } = colours();
    table.put(object('a', 'red', 'one'));
    table.put(object('a', 'blue', 'two'));
    table.remove(object('a', 'blue', 'one'));
    expect(names(table)).toEqual(['a blue']);
  });

  it('knows nothing of the end of what it never knew', () => {
    const { table, told } = colours();
    table.remove(object('a', 'red'));
    table.put(object('b', null));
    expect(told).toEqual([]);
  });

  it('takes an object that makes no fact any more for gone', () => {
    const { table, told } = colours();
    table.put(object('a', 'red'));
    table.put(object('a', null));
    expect(told).toEqual(['added a red', 'gone a red unseen']);
  });

  it('removes what a list does not bring', () => {
    const { table, told } = colours();
    for (const name of ['a', 'b', 'c']) table.put(object(name, 'red'));
    table.listing();
    table.put(object('b', 'red'));
    table.put(object('c', 'blue'));
    table.put(object('d', 'red'));
    expect(names(table)).toEqual(['a red', 'b red', 'c blue', 'd red']);
    table.listed();
    expect(names(table)).toEqual(['b red', 'c blue', 'd red']);
    expect(told.slice(3)).toEqual(['changed c blue from red', 'added d red', 'gone a red unseen']);
  });

  it('counts only the last of several lists that were begun', () => {
    const { table } = colours();
    table.listing();
    table.put(object('a', 'red'));
    table.listing();
    table.put(object('b', 'red'));
    table.listed();
    expect(names(table)).toEqual(['b red']);
  });
});
