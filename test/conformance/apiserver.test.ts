import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasApiServer, startApiServer, type ApiServer } from '../support/apiserver.ts';
import { Application, APPLICATIONS } from '../support/applications.ts';
import { footpath, scratch, Session } from '../support/cli.ts';
import { linted, policyText, serverCases } from '../support/lint.ts';

const PORT = 26_443;
const path = (namespace: string): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies?dryRun=All&fieldValidation=Strict`;

interface Proposed {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace: string } }[];
}

const VERSIONS: readonly (readonly [string, readonly string[]])[] = [
  ['1.36', []],
  ['1.33', ['--emulated-version=1.33']],
];

if (!hasApiServer && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('a real API server: none was built (.ci/run builds one)');
else {
  describe.each(VERSIONS)('a real API server, as of Kubernetes %s', (version, flags) => {
    let server: ApiServer;
    beforeAll(async () => {
      server = await startApiServer(version === '1.36' ? PORT : PORT + 10, flags);
    });
    afterAll(() => server.stop());

    it.each(serverCases().map((one) => [one.name, one] as const))('agrees about %s', async (_, one) => {
      const text = policyText(one);
      const { status, reason } = await server.createYaml(path('default'), text);
      const isTaken = one.server === 'taken' || (one.server === 'newer refuse' && version !== '1.36');
      expect(status === 201, `the server: ${status} ${reason}`).toBe(isTaken);
      const severities = new Set(linted([text]).filter(({ rule, severity }) => severity === 'error' || rule === 'version-dependent').map(({ severity }) => severity));
      expect([...severities][0] ?? 'fine', `the server: ${status} ${reason}`).toBe({ taken: 'fine', refused: 'error', 'newer refuse': 'warning' }[one.server]);
    });

    /** Every policy of a proposal, its namespaces made first. */
    async function takes({ items }: Proposed): Promise<void> {
      for (const namespace of new Set(items.map(({ metadata }) => metadata.namespace))) {
        await server.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      }
      for (const item of items) {
        const { status, reason } = await server.create(path(item.metadata.namespace), item);
        expect(status, `${item.metadata.namespace}/${item.metadata.name}: ${reason}`).toBe(201);
      }
    }

    it('takes what the demo proposes, default deny included, and lint finds nothing wrong in it', async () => {
      const folder = join(scratch(), 'demo');
      await footpath(['demo', '--out', folder]);
      const args = ['--db', join(folder, 'footpath.db')];
      const proposed = (await footpath(['propose', '--default-deny', '-o', 'json', ...args])).json() as Proposed;
      expect(proposed.items.length).toBeGreaterThan(12);
      await takes(proposed);
      await footpath(['propose', '--default-deny', '--out', join(folder, 'proposed'), ...args]);
      expect(await footpath(['lint', join(folder, 'proposed'), ...args])).toMatchObject({ status: 0, out: expect.not.stringContaining(' error') });
    });

    it.each(APPLICATIONS)('takes what is proposed for %s', async (name) => {
      const session = new Session();
      const application = new Application(name, 'stay');
      await session.observe(application.flows(), '--inventory', session.write('cluster.json', application.inventory()));
      await session.run('accept', '--all', '--flagged');
      await takes((await session.run('propose', '--default-deny', '-o', 'json')).json() as Proposed);
    });
  });
}
