import { describe, expect, it } from 'vitest';
import { kafkaSourceConfig } from '../../../src/sources/kafka/config.ts';

const least = { brokers: ['kafka:9092'], topic: 'flows', group: 'footpath', format: 'hubble' };

/** What is wrong with it: key and sentence. */
function problemsOf(value: unknown): readonly string[] {
  const result = kafkaSourceConfig.safeParse(value);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the configuration of a Kafka source', () => {
  it('needs brokers, a topic, a group and a format; the rest is as people expect', () => {
    expect(kafkaSourceConfig.parse(least)).toEqual({ ...least, tls: false, sasl: null, sessionTimeoutSeconds: 10, rebalanceTimeoutSeconds: 20 });
  });

  it.each([
    ['several brokers', { brokers: ['a:9092', 'b.example.com:19092', '10.0.0.1:9092'] }],
    ['TLS by the machine’s authorities', { tls: true }],
    ['TLS by an authority of one’s own', { tls: { caFile: 'ca.pem' } }],
    ['TLS with a client’s certificate', { tls: { caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'k.pem', serverName: 'kafka' } }],
    ['a password in a file', { sasl: { mechanism: 'plain', username: 'footpath', passwordFile: 'password' } }],
    ['SCRAM', { sasl: { mechanism: 'scram-sha-512', username: 'footpath', passwordFile: 'password' } }],
    ['a token in a file', { sasl: { mechanism: 'oauthbearer', tokenFile: '/var/run/secrets/token' } }],
    ['longer time-outs', { sessionTimeoutSeconds: 45, rebalanceTimeoutSeconds: 300 }],
  ])('may have %s', (_, more) => {
    expect(problemsOf({ ...least, ...more })).toEqual([]);
  });

  it.each([
    ['no brokers', { brokers: [] }, /^brokers: /],
    ['a broker without a port', { brokers: ['kafka'] }, 'brokers.0: is no host:port (kafka:9092)'],
    ['a broker as a URL', { brokers: ['kafka://kafka:9092'] }, 'brokers.0: is no host:port (kafka:9092)'],
    ['no topic’s name', { topic: 'a b' }, 'topic: is no name of a topic (letters, digits, . _ -)'],
    ['no format', { format: undefined }, 'format: is needed (footpath collectors lists them)'],
    ['no group', { group: '' }, /^group: /],
    ['a time-out that no broker takes', { sessionTimeoutSeconds: 1 }, /^sessionTimeoutSeconds: /],
    ['a password in the configuration', { sasl: { mechanism: 'plain', username: 'a', password: 'b' } }, /^sasl/],
    ['an unknown mechanism', { sasl: { mechanism: 'gssapi' } }, /^sasl/],
    ['an unknown key', { brokesr: [] }, /brokesr/],
  ])('must not have %s', (_, more, problem) => {
    const problems = problemsOf({ ...least, ...more });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});
