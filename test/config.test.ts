import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, readConfig } from '../src/config.ts';
import { OperationError, UsageError } from '../src/errors.ts';
import { DEFAULT_LIMITS } from '../src/learn/limits.ts';
import { scratch } from './support/cli.ts';

function configOf(text: string): ReturnType<typeof readConfig> {
  const path = join(scratch(), 'footpath.yaml');
  writeFileSync(path, text);
  return readConfig(path);
}

function messageOf(text: string): string {
  try {
    configOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message.split('\n')).toHaveLength(1);
    return message.replace(/^.*footpath\.yaml: /, '');
  }
  throw new Error('nothing was wrong with it');
}

describe('the configuration', () => {
  it.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['an empty document', '---\n'],
    ['empty maps', 'limits: {}\ninventory: {}\n'],
    ['JSON', '{}'],
  ])('is the default where nothing is said: %s', (_, text) => {
    expect(configOf(text)).toEqual(DEFAULT_CONFIG);
  });

  it('has the caps that are in force without one', () => {
    expect(DEFAULT_CONFIG.limits).toEqual(DEFAULT_LIMITS);
  });

  it('keeps the defaults of what it does not say', () => {
    const text = 'database: /data/footpath.db\ncluster: east\nclusterCidrs: [10.0.0.0/8, "fd00::/48"]\ninventory:\n  files: [a.json]\nlimits:\n  edges: 7\n';
    expect(configOf(text)).toEqual({
      ...DEFAULT_CONFIG,
      database: '/data/footpath.db',
      cluster: 'east',
      clusterCidrs: ['10.0.0.0/8', 'fd00::/48'],
      inventory: { ...DEFAULT_CONFIG.inventory, files: ['a.json'] },
      limits: { ...DEFAULT_LIMITS, edges: 7 },
    });
  });

  it('reads back what it prints of itself', () => {
    expect(configOf(stringify(DEFAULT_CONFIG))).toEqual(DEFAULT_CONFIG);
    expect(configOf(JSON.stringify(DEFAULT_CONFIG))).toEqual(DEFAULT_CONFIG);
  });

  it('takes a text for a text: what looks like a number or a truth elsewhere is none here', () => {
    expect(configOf('cluster: no\n').cluster).toBe('no');
    expect(configOf('cluster: "0755"\n').cluster).toBe('0755');
  });
});

describe('a mistake in it', () => {
  it.each([
    ['a key that is spelled wrong', 'databse: a.db', 'databse: no such key, did you mean database?'],
    ['a key that is spelled wrong further inside', 'limits:\n  edgesPerWorklod: 5', 'limits.edgesPerWorklod: no such key, did you mean edgesPerWorkload?'],
    ['a key of another place', 'edges: 5', 'edges: no such key'],
    ['a key that is like none', 'frobnicate: true', 'frobnicate: no such key ('],
    ['a target of a kind that is spelled wrong', 'alerts: {targets: [{slak: {urlFile: a}, stdout: {}}]}', 'alerts.targets.0.slak: no such key, did you mean slack?'],
    ['a key of a source that is spelled wrong', 'sources: [{file: {path: [a], paths: [a]}}]', 'sources.0.file.path: no such key, did you mean paths?'],
    ['a key of a target that is spelled wrong', 'alerts: {targets: [{webhook: {url: "https://a", secretfile: a}}]}', 'alerts.targets.0.webhook.secretfile: no such key, did you mean secretFile?'],
    ['another case', 'Cluster: a', 'Cluster: no such key, did you mean cluster?'],
    ['a key that means something to JavaScript', '{"__proto__": {"database": "a"}}', '__proto__: no such key'],
    ['a number for a text', 'database: 5', 'database: expected string'],
    ['a text for a number', 'limits:\n  edges: many', 'limits.edges: expected '],
    ['no edges at all', 'limits:\n  edges: 0', 'limits.edges: '],
    ['half an edge', 'limits:\n  edges: 1.5', 'limits.edges: expected int'],
    ['a text for a list', 'clusterCidrs: 10.0.0.0/8', 'clusterCidrs: expected array'],
    ['what is no range', 'clusterCidrs: [10.0.0.0/8, 10.0.0.0/33]', 'clusterCidrs.1: is no range of addresses (10.0.0.0/8)'],
    ['an address for a range', 'clusterCidrs: [10.0.0.300/8]', 'clusterCidrs.0: is no range of addresses'],
    ['a list for a map', '- a\n- b', 'the file: expected object'],
    ['a text for a map', 'hello', 'the file: expected object'],
  ])('is told in one line: %s', (_, text, expected) => {
    expect(messageOf(text)).toContain(expected);
  });

  it('is told with every other one', () => {
    const message = messageOf('databse: a\nclustr: b\nlimits:\n  edges: x\n');
    for (const part of ['databse: no such key', 'clustr: no such key', 'limits.edges: expected']) expect(message).toContain(part);
    expect(message).toMatch(/\(footpath config print-default shows every key\)$/);
  });

  it('names the file', () => {
    const path = join(scratch(), 'mine.yaml');
    writeFileSync(path, 'x: 1');
    expect(() => readConfig(path)).toThrow(path);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['is not there', 'gone.yaml', 'ENOENT'],
    ['is a folder', '.', 'EISDIR'],
  ])('is an error in one line: it %s', (_, name, code) => {
    const path = join(scratch(), name);
    expect(() => readConfig(path)).toThrow(OperationError);
    expect(() => readConfig(path)).toThrow(`${path}: cannot be read: ${code}`);
  });
});
