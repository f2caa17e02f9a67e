import { setTimeout as tick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../src/kubernetes/resources.ts';
import { hasApiServer, startApiServer, type Answer, type ApiServer } from '../support/apiserver.ts';
import { type Manifest } from '../support/deploy.ts';
import { hasKustomize, render } from '../support/kustomize.ts';

/** What a real API server says to everything in `deploy/kubernetes`: that it is well-formed, that it may run, and what it may do. */

const PORT = 26_483;

const FOLDERS = ['kubernetes/base', 'kubernetes/overlays/kafka', 'kubernetes/overlays/one-node'] as const;

const PLURALS: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies' };
const CLUSTER_WIDE = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);

/** Where an object of its kind is posted. */
function pathOf({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  return CLUSTER_WIDE.has(kind) ? `${group}/${plural}` : `${group}/namespaces/${namespace ?? 'default'}/${plural}`;
}

const TEXT = { type: 'string' };
const list = (items: object): object => ({ type: 'array', items });
const fields = (properties: object, ...required: readonly string[]): object => ({ type: 'object', properties, ...(required.length > 0 ? { required } : {}) });
const texts = { type: 'object', additionalProperties: TEXT };

/** As much of the Prometheus operator's kinds as Footpath uses. Whatever else is said in them is refused. */
const OPERATOR_KINDS: Readonly<Record<string, object>> = {
  ServiceMonitor: fields(
    {
      selector: fields({ matchLabels: texts }),
      endpoints: list(fields({ port: TEXT, path: TEXT, interval: TEXT, scheme: TEXT, authorization: fields({ type: TEXT, credentials: fields({ name: TEXT, key: TEXT }, 'key') }) })),
    },
    'selector',
    'endpoints',
  ),
  PrometheusRule: fields({
    groups: list(fields({ name: { ...TEXT, minLength: 1 }, interval: TEXT, rules: list(fields({ record: TEXT, alert: TEXT, expr: { 'x-kubernetes-int-or-string': true }, for: TEXT, labels: texts, annotations: texts }, 'expr')) }, 'name')),
  }),
};

function definition(kind: string, spec: object): object {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec }, required: ['spec'] } } }],
    },
  };
}

/** The pod that the StatefulSet would make, with its claim for a volume. */
function podOf(objects: readonly Manifest[]): Manifest {
  const set = objects.find(({ kind }) => kind === 'StatefulSet')!;
  const { template } = set.spec as { readonly template: { readonly metadata: object; readonly spec: { readonly volumes: readonly object[] } } };
  const spec = { ...template.spec, volumes: [...template.spec.volumes, { name: 'data', persistentVolumeClaim: { claimName: 'data-footpath-0' } }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: 'footpath-0', namespace: 'footpath' }, spec };
}

const isMissing = !hasApiServer || !hasKustomize;
if (isMissing && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('the manifests on a real API server: it, kubectl or kustomize is not there (.ci/run builds them)');
else {
  describe('the manifests on a real API server', () => {
    let server: ApiServer;
    const dryRun = (object: Manifest): Promise<Answer> => server.create(`${pathOf(object)}?dryRun=All&fieldValidation=Strict`, object);

    beforeAll(async () => {
      server = await startApiServer(PORT, [], { authorization: 'RBAC' });
      for (const [kind, spec] of Object.entries(OPERATOR_KINDS)) {
        await server.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition(kind, spec));
        const path = `/apis/monitoring.coreos.com/v1/${kind.toLowerCase()}s`;
        // Until then its path is no JSON, or none.
        for (let i = 0; i < 200 && (await server.send('GET', path).catch(() => null))?.status !== 200; i++) await tick(50);
      }
    });
    afterAll(() => server.stop());

    it.each(FOLDERS)('%s: each object is taken, and the pod may run in its namespace', async (folder) => {
      const objects = render(...folder.split('/'));
      const namespace = objects.find(({ kind }) => kind === 'Namespace')!;
      const made = await server.create(pathOf(namespace), namespace);
      if (made.status === 409) expect((await server.send('PATCH', `${pathOf(namespace)}/${namespace.metadata.name}`, namespace)).status).toBe(200);
      for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) {
        const { status, reason } = await dryRun(object);
        expect(status, `${object.kind} ${object.metadata.name}: ${reason}`).toBe(201);
      }
      const { status, reason } = await dryRun(podOf(objects));
      expect(status, reason).toBe(201);
    });

    it('a field that does not exist is refused: the server looks at them', async () => {
      const objects = [...render('kubernetes', 'overlays', 'kafka'), ...render('kubernetes', 'network-policy')];
      for (const object of objects.filter(({ kind }) => kind === 'NetworkPolicy')) expect((await dryRun(object)).status).toBe(201);
      for (const object of objects.filter(({ spec }) => spec !== undefined)) {
        const { status } = await dryRun({ ...object, spec: { ...(object.spec as object), sepc: 1 } });
        expect(status, object.kind).toBeGreaterThanOrEqual(400);
      }
    });

    it('only the one that reads the node’s folder needs more than the restricted level', async () => {
      const restricted = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } };
      expect((await server.create('/api/v1/namespaces', restricted)).status).toBe(201);
      for (const folder of FOLDERS) {
        const pod = podOf(render(...folder.split('/')));
        const { status, reason } = await dryRun({ ...pod, metadata: { ...pod.metadata, namespace: 'restricted' } });
        expect(status, `${folder}: ${reason}`).toBe(folder.endsWith('one-node') ? 403 : 201);
      }
    });

    it('Footpath may read what it lists, and may not write it, nor read Secrets', async () => {
      for (const object of render('kubernetes', 'base').filter(({ kind }) => /^(Namespace|ServiceAccount|ClusterRole|ClusterRoleBinding)$/.test(kind))) {
        expect([201, 409], object.kind).toContain((await server.create(pathOf(object), object)).status);
      }
      const may = async (verb: string, resource: string, group: string): Promise<boolean> => {
        const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: 'system:serviceaccount:footpath:footpath', resourceAttributes: { verb, resource, group } } };
        const { body } = await server.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
        return (body as { readonly status: { readonly allowed: boolean } }).status.allowed;
      };
      // A new role takes a moment to be known to who asks it.
      for (let i = 0; i < 200 && !(await may('list', 'pods', '')); i++) await tick(50);
      for (const { name, group } of RESOURCES) {
        for (const verb of ['get', 'list', 'watch']) expect(await may(verb, name, group), `${verb} ${name}`).toBe(true);
        for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection']) expect(await may(verb, name, group), `${verb} ${name}`).toBe(false);
      }
      for (const name of ['secrets', 'configmaps', 'serviceaccounts', 'pods/log', 'pods/exec']) expect(await may('get', name, ''), name).toBe(false);
    });
  });
}
