import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Session } from '../support/cli.ts';
import { listObject, ownerObject, podObject } from '../support/inventory.ts';
import { pod, settledTraffic, type HubbleEnd } from '../support/hubble.ts';
import { describeShared, shared } from '../support/shared.ts';

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly selector?: object; readonly template: { readonly metadata: { readonly labels: Record<string, string> } } };
}

interface Traffic {
  readonly src: string;
  readonly src_kind: string;
  readonly dst: string;
  readonly dst_kind: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

const REPLICAS = ['qx7kd', 'wz2mn'];

/** The application's workloads with two pods each, and what a perfect observer would have logged of them. */
function application(name: string): { readonly inventory: string; readonly lines: readonly string[] } {
  const text = readFileSync(shared('oracle/generator', name, 'workloads.yaml'), 'utf8');
  const workloads = parseAllDocuments(text)
    .map((document) => document.toJS() as Workload | null)
    .filter((object): object is Workload => ['Deployment', 'ReplicaSet'].includes(object?.kind ?? ''));
  const objects: object[] = [];
  const ends = new Map<string, HubbleEnd[]>();
  for (const [i, { kind, metadata, spec }] of workloads.entries()) {
    const namespace = metadata.namespace ?? 'default';
    const { labels } = spec.template.metadata;
    objects.push(ownerObject(kind, namespace, metadata.name, labels, { selector: spec.selector ?? null }));
    const set = kind === 'Deployment' ? `${metadata.name}-6b746f74dc` : metadata.name;
    if (kind === 'Deployment') objects.push(ownerObject('ReplicaSet', namespace, set, labels, { owner: [kind, metadata.name], selector: spec.selector ?? null }));
    const pods = REPLICAS.map((suffix, replica) => ({ name: `${set}-${suffix}`, ip: `10.${replica}.${Math.floor(i / 200)}.${(i % 200) + 2}` }));
    for (const { name: podName, ip } of pods) objects.push(podObject({ namespace, name: podName, ip, labels, owner: ['ReplicaSet', set] }));
    ends.set(`${kind} ${namespace}/${metadata.name}`, pods.map(({ name: podName, ip }) => pod(namespace, podName, ip, labels)));
  }
  const traffic = readFileSync(shared('oracle/generator', name, 'flows.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Traffic);
  const lines = traffic.flatMap(({ src, src_kind: srcKind, dst, dst_kind: dstKind, port, protocol }) => {
    const [from, to] = [ends.get(`${srcKind} ${src}`), ends.get(`${dstKind} ${dst}`)];
    return REPLICAS.flatMap((_, i) => {
      const [client, server] = [from?.[i], to?.[1 - i]];
      return client === undefined || server === undefined ? [] : settledTraffic({ from: client, to: server, port, protocol });
    });
  });
  return { inventory: listObject(objects), lines };
}

describeShared('applications with known traffic', 'oracle/generator', () => {
  it.each(['acs-security-demos', 'bookinfo', 'k8s_guestbook', 'onlineboutique', 'sockshop'])(
    '%s: the proposals keep every flow, let nothing else through, and an API server would take them',
    async (name) => {
      const session = new Session();
      const { inventory, lines } = application(name);
      await session.observe(lines, '--inventory', session.write('cluster.json', inventory));
      // The guestbook's frontend reaches its database in another namespace and nothing else there: a person says that it is right.
      const flagged = (await session.edges('--flagged')).map(({ flags }) => flags.join());
      expect(new Set(flagged)).toEqual(new Set(name === 'k8s_guestbook' ? ['foreign-data-store'] : []));
      await session.run('accept', '--all', '--flagged');
      const folder = join(session.folder, 'policies');
      mkdirSync(folder);
      expect((await session.run('propose', '--default-deny', '--out', folder)).status).toBe(0);
      const of = (file: string): string => shared('oracle/generator', name, file);
      const judge = spawnSync('python3', [shared('oracle/judge_policies.py'), '--workloads', of('workloads.yaml'), '--policies', folder, '--flows', of('flows.jsonl')], { encoding: 'utf8' });
      expect(judge.stderr).toBe('');
      const { observed, kept, lost, excess, invalid } = JSON.parse(judge.stdout) as Record<string, unknown>;
      expect({ lost, excess, invalid }).toEqual({ lost: [], excess: 0, invalid: [] });
      expect(kept).toBe(observed);
      expect(judge.status).toBe(0);
    },
  );
});
