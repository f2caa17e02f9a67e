import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, ENVIRONMENT, withEnvironment } from '../../src/config.ts';
import { configured, sourcesOf } from '../../src/cli/configured.ts';
import { contextOf } from '../../src/cli/context.ts';
import { outside, scratch } from '../support/cli.ts';

describe('the environment', () => {
  it.each([
    ['FOOTPATH_DB', '/data/a.db', { database: '/data/a.db' }],
    ['FOOTPATH_LISTEN', '0.0.0.0:9000', { listen: '0.0.0.0:9000' }],
    ['FOOTPATH_LISTEN_TOKEN_FILE', '/run/token', { listenTokenFile: '/run/token' }],
    ['FOOTPATH_LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['FOOTPATH_CLUSTER', 'prod', { cluster: 'prod' }],
    ['FOOTPATH_CLUSTER_CIDRS', '10.0.0.0/8,fd00::/48', { clusterCidrs: ['10.0.0.0/8', 'fd00::/48'] }],
    ['FOOTPATH_ACCESS_LOG_FORMAT', '@f', { accessLogFormat: '@f' }],
    ['FOOTPATH_KUBERNETES', 'true', { inventory: { kubernetes: true } }],
  ])('says %s', (variable, value, expected) => {
    expect(withEnvironment(DEFAULT_CONFIG, { [variable]: value })).toMatchObject(expected);
    expect(Object.keys(ENVIRONMENT)).toContain(variable);
  });

  it.each([
    ['FOOTPATH_LOG_LEVEL', 'loud', 'FOOTPATH_LOG_LEVEL=loud: is none of debug, info, warn, error'],
    ['FOOTPATH_KUBERNETES', '1', 'FOOTPATH_KUBERNETES=1: is none of true, false'],
  ])('is refused where %s is %s', (variable, value, message) => {
    expect(() => withEnvironment(DEFAULT_CONFIG, { [variable]: value })).toThrow(message);
  });

  it('says nothing with an empty variable, or with those that a Service sets', () => {
    expect(withEnvironment(DEFAULT_CONFIG, { FOOTPATH_CLUSTER: '', FOOTPATH_PORT: 'tcp://10.96.0.9:8470', FOOTPATH_SERVICE_HOST: '10.96.0.9' })).toBe(DEFAULT_CONFIG);
  });
});

describe('a configuration', () => {
  it('is the file’s, over that the environment’s, over that the flags’', async () => {
    const file = join(scratch(), 'footpath.yaml');
    writeFileSync(file, 'cluster: a\nlogLevel: warn\ninventory: { files: [one.json] }\nclusterCidrs: [10.0.0.0/8]\n');
    const context = contextOf(outside({ env: { FOOTPATH_CLUSTER: 'b', FOOTPATH_LISTEN: '127.0.0.1:1' } }), { config: file, headers: true }, () => Promise.resolve(0));
    expect(await configured(context, {})).toMatchObject({ cluster: 'b', logLevel: 'warn', listen: '127.0.0.1:1' });
    expect(await configured(context, { cluster: 'c', inventory: ['two.json'], clusterCidr: ['fd00::/48'], kubernetes: true })).toMatchObject({
      cluster: 'c',
      inventory: { files: ['one.json', 'two.json'], kubernetes: true },
      clusterCidrs: ['10.0.0.0/8', 'fd00::/48'],
    });
  });

  it('has the sources that the command line names, else its own', () => {
    const own = { ...DEFAULT_CONFIG, sources: [{ file: { paths: ['own.log'], format: null } }] };
    expect(sourcesOf(own, [], {})).toBe(own.sources);
    expect(sourcesOf(own, ['a', 'b'], {})).toEqual([{ name: 'files', file: { paths: ['a', 'b'], format: null } }]);
    expect(sourcesOf(own, [], { kafka: 'a:1,b:1', topic: 't', format: 'hubble' })).toMatchObject([{ kafka: { brokers: ['a:1', 'b:1'], topic: 't', group: 'footpath' } }]);
  });
});
