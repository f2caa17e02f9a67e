import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDemo } from '../../src/demo/write.ts';
import { footpath, scratchForAll, type Result } from '../support/cli.ts';
import { dashboard, deploy, ruleGroups } from '../support/deploy.ts';
import { hasPrometheus, Prometheus, promtool } from '../support/prometheus.ts';
import { Serving } from '../support/serving.ts';

/** What Debian's Prometheus makes of Footpath's metrics, of the rules and of the dashboard, while the demo's cluster is attacked. */

const RULES = deploy('prometheus/footpath.rules.yaml');
const TOKEN = 'a token of the test';
const rules = ruleGroups().groups.flatMap((group) => group.rules);
const { panels, templating } = dashboard();

/** What Grafana puts in. */
const filledIn = (expression: string): string => expression.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'footpath');

/** `footpath_edges{state="accepted"}`: each metric that an expression names, as it picks it. */
const selectorsOf = (expression: string): readonly string[] => [...expression.matchAll(/\bfootpath[_:][\w:]*(?:\{[^}]*\})?/g)].map(([selector]) => selector);

if (!hasPrometheus && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('a real Prometheus: prometheus and promtool are not there (.ci/run installs them)');
else {
  describe('promtool', () => {
    it('takes the rules, and finds that they fire when they should', () => {
      const checked = promtool(['check', 'rules', RULES]);
      expect(checked.status, checked.said).toBe(0);
      const tested = promtool(['test', 'rules', resolve(import.meta.dirname, '../cases/prometheus/rules.test.yaml')]);
      expect(tested.status, tested.said).toBe(0);
    });
  });

  describe('a real Prometheus', () => {
    let serving: Serving;
    let prometheus: Prometheus;
    let metrics: string;
    let unknown: number;
    let watched: Result;
    const told: string[] = [];
    // An HttpTarget ends with the first test.
    const target = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        told.push(body);
        response.end();
      });
    });

    beforeAll(async () => {
      const folder = scratchForAll();
      const [logs, tokenFile, config, db] = ['logs', 'token', 'footpath.yaml', 'footpath.db'].map((name) => join(folder, name)) as [string, string, string, string];
      const demo = writeDemo(join(folder, 'demo'));
      mkdirSync(logs);
      writeFileSync(tokenFile, TOKEN);
      await once(target.listen(0, '127.0.0.1'), 'listening');
      const hook = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
      writeFileSync(
        config,
        JSON.stringify({
          database: db,
          listenTokenFile: tokenFile,
          inventory: { files: [demo.inventory] },
          sources: [{ name: 'hubble', file: { paths: [join(logs, '*/hubble/*.log')], format: 'hubble' } }, { name: 'proxies', file: { paths: [join(logs, '*/pods/**/*.log')] } }],
          alerts: { targets: [{ name: 'hook', webhook: { url: hook } }] },
        }),
      );
      serving = new Serving(config);
      const listen = String((await serving.says('serving'))['listen']);
      const ask = async (headers: Record<string, string> = {}): Promise<Response> => fetch(`http://${listen}/metrics`, { headers });
      unknown = (await ask()).status;
      prometheus = await Prometheus.start(folder, { job: 'footpath', target: listen, tokenFile }, [RULES]);
      const until = async (expression: string): Promise<unknown> => serving.until(`${expression} has come true`, async () => (await prometheus.query(expression)).length > 0, 60_000);
      // Counters are seen at 0 first, so that there is a rate.
      await until('footpath_records_total == 0');
      cpSync(demo.week, join(logs, 'week'), { recursive: true });
      await until('sum(footpath_edges{state="accepted"}) > 30 and on () min(footpath_source_idle_seconds) > 3');
      watched = await footpath(['watch', '-A', '--db', db], { now: Date.now() });
      cpSync(demo.attack, join(logs, 'attack'), { recursive: true });
      await until('footpath_alerts_firing{severity="critical"} > 0 and on () footpath_deliveries_total{outcome="delivered"} > 0');
      await until('ALERTS{alertname="FootpathCriticalConnection"}');
      metrics = await (await ask({ Authorization: `Bearer ${TOKEN}` })).text();
    }, 180_000);
    afterAll(async () => {
      await prometheus?.stop();
      await serving?.end();
      target.closeAllConnections();
      target.close();
    });

    it('looks on while the attack is told of', () => {
      expect(watched.status, watched.err).toBe(0);
      expect(told.join('\n')).toContain('169.254.169.254');
    });

    it('is let in by its token; others are not', () => {
      expect(unknown).toBe(401);
    });

    it('has nothing to say against the metrics', () => {
      expect(promtool(['check', 'metrics'], metrics)).toEqual({ status: 0, said: '' });
    });

    it.each(panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)))('draws %s: %s', async (_, expr) => {
      const series = await prometheus.query(filledIn(expr));
      expect(series.filter(({ value }) => Number.isFinite(value))).not.toEqual([]);
    });

    it('fills the dashboard’s lists', async () => {
      for (const { query } of templating.list.filter(({ type }) => type === 'query')) {
        const text = typeof query === 'string' ? query : query.query;
        const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(text)!;
        expect((await prometheus.query(`count by (${label}) (${metric})`)).map((series) => series.metric[label])).toEqual(['footpath']);
      }
    });

    it.each(rules.map(({ alert, record, expr }) => [alert ?? record ?? '', expr] as const))('evaluates %s: each metric in it is there', async (_, expr) => {
      await prometheus.query(expr);
      for (const selector of selectorsOf(expr)) expect((await prometheus.query(selector)).length, selector).toBeGreaterThan(0);
    });

    it('evaluates the rules as it goes: only the attack is told of', async () => {
      const states = await prometheus.rules();
      expect(states.length).toBe(rules.length);
      expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
      const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
      expect(new Set(firing.map(({ labels }) => labels['alertname']))).toEqual(new Set(['FootpathCriticalConnection', 'FootpathHighConnection']));
      expect(JSON.stringify(firing)).not.toContain('error');
    });
  });
}
