import { describe, expect, it } from 'vitest';
import { alertsConfig, OWN_LABELS, targetName } from '../../src/notify/config.ts';

const targetsOf = (...targets: readonly unknown[]) => alertsConfig.parse({ targets }).targets;

function problem(...targets: readonly unknown[]): string {
  const result = alertsConfig.safeParse({ targets });
  return result.success ? 'fine' : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

describe('targets', () => {
  it('are written as the documentation has them', () => {
    const targets = targetsOf(
      { alertmanager: { urls: ['http://alertmanager:9093'] } },
      { webhook: { url: 'https://hooks.example.com/in', secretFile: 'hook.key' } },
      { slack: { urlFile: 'slack.url' } },
      { kafka: { brokers: ['kafka:9092'], topic: 'alerts' } },
      { stdout: {} },
    );
    expect(targets.map((target, i) => targetName(target, i))).toEqual(['alertmanager-1', 'webhook-2', 'slack-3', 'kafka-4', 'stdout-5']);
    expect(targets.map(({ minSeverity }) => minSeverity)).toEqual(['low', 'low', 'low', 'low', 'low']);
  });

  it('are none by default', () => {
    expect(alertsConfig.parse({})).toEqual({ targets: [] });
  });

  it.each([
    ['none', {}, 'targets.0: names one of alertmanager, webhook, slack, kafka, stdout'],
    ['two at once', { stdout: {}, slack: { urlFile: 'x' } }, 'targets.0: names one of alertmanager, webhook, slack, kafka, stdout'],
    ['one that nobody knows', { pager: {} }, /^targets\.0: Unrecognized key: "pager"/],
    ['a name with a slash', { name: 'a/b', stdout: {} }, 'targets.0.name: is no name (lower-case letters, digits and -)'],
    ['another severity', { minSeverity: 'urgent', stdout: {} }, 'targets.0.minSeverity: Invalid option: expected one of "low"|"medium"|"high"|"critical"'],
    ['no members', { alertmanager: { urls: [] } }, /^targets\.0\.alertmanager\.urls: Too small/],
    ['a member twice', { alertmanager: { urls: ['http://a', 'http://a'] } }, 'targets.0.alertmanager.urls: names one twice'],
    ['a file for an address', { webhook: { url: 'file:///etc/passwd' } }, 'targets.0.webhook.url: is no http:// or https:// address without a user in it'],
    ['no address', { webhook: { url: 'hooks.example.com' } }, 'targets.0.webhook.url: is no http:// or https:// address without a user in it'],
    ['a password in an address', { webhook: { url: 'https://me:pw@hooks.example.com' } }, 'targets.0.webhook.url: is no http:// or https:// address without a user in it'],
    ['a bad label', { alertmanager: { urls: ['http://a'], labels: { 'a-b': 'c' } } }, /is no name of a label|Invalid key/],
    ['an empty label', { alertmanager: { urls: ['http://a'], labels: { a: '' } } }, /^targets\.0\.alertmanager\.labels\.a: Too small/],
    ['a broker without a port', { kafka: { brokers: ['kafka'], topic: 't' } }, 'targets.0.kafka.brokers.0: is no host:port (kafka:9092)'],
    ['a topic with a space', { kafka: { brokers: ['kafka:9092'], topic: 'a b' } }, 'targets.0.kafka.topic: is no name of a topic (letters, digits, . _ -)'],
  ])('with %s are refused', (_, target, message) => {
    expect(problem(target)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it.each(OWN_LABELS.map((name) => [name]))('leave the label %s to Footpath: what an alert is stays one-to-one with its labels', (name) => {
    expect(problem({ alertmanager: { urls: ['http://a'], labels: { [name]: 'x' } } })).not.toBe('fine');
  });

  it('of one name are refused: what each was told is kept under it', () => {
    expect(problem({ name: 'a', stdout: {} }, { name: 'b', stdout: {} }, { name: 'a', stdout: {} })).toBe('targets.2: another target is called a too');
    expect(problem({ name: 'stdout-2', stdout: {} }, { stdout: {} })).toBe('targets.1: another target is called stdout-2 too');
  });
});
