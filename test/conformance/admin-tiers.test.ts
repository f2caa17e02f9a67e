import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eachObject, toInventory } from '../../src/kubernetes/inventory.ts';
import { ADMIN_GROUP, type AdminPeer, type AdminPolicy, type AdminPort, type AdminRule } from '../../src/model/admin-policy.ts';
import { ManifestWorld } from '../../src/policy/evaluate/manifest-world.ts';
import type { PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';
import { validatePolicy } from '../../src/policy/validate/validate.ts';
import { validateAdminPolicy } from '../../src/policy/validate/validate-admin.ts';
import { adminPolicies } from '../support/arbitrary-admin.ts';
import { policy, world, type World } from '../support/arbitrary-policy.ts';
import { scratch } from '../support/cli.ts';
import { describeShared, shared } from '../support/shared.ts';

/** The administrator's tiers, answered beside the control evaluator of the conformance data, which shares no code with this one. */

const CONTROL = `
import json, sys
sys.path.insert(0, sys.argv[1])
from oracle_lib import World
w = World([sys.argv[2]])
for line in sys.stdin:
    q = json.loads(line)
    print(json.dumps(w.allowed(w.find(q['src'], q['src_kind']), w.find(q['dst'], q['dst_kind']), q['port'], q['protocol'])))
`;

const peerObject = (peer: AdminPeer): object => {
  if (peer.type === 'pods') return { pods: { namespaceSelector: peer.namespaceSelector, podSelector: peer.podSelector } };
  return peer.type === 'networks' ? { networks: peer.cidrs } : {};
};

const portObject = (port: AdminPort): object => {
  if (port.type === 'name') return { namedPort: port.name };
  const { protocol, first, last } = port;
  return first === last ? { portNumber: { protocol, port: first } } : { portRange: { protocol, start: first, end: last } };
};

/** A name for a port beside peers that are no pods is nothing that a server takes. */
const ruleObject = ({ name, action, peers, ports }: AdminRule, field: 'from' | 'to'): object => {
  const own = peers.every(({ type }) => type === 'pods') ? ports : ports.filter(({ type }) => type !== 'name');
  return { ...(name === '' ? {} : { name }), action, [field]: peers.map(peerObject), ...(own.length === 0 ? {} : { ports: own.map(portObject) }) };
};

/** One baseline at most, which passes nothing on. */
function adminObjects(all: readonly AdminPolicy[]): readonly object[] {
  const baseline = all.find(({ tier }) => tier === 'Baseline');
  return all
    .filter((one) => one.tier === 'Admin' || one === baseline)
    .map((one) => {
      const isAdmin = one.tier === 'Admin';
      const rules = (own: readonly AdminRule[], field: 'from' | 'to'): readonly object[] => own.filter(({ action }) => isAdmin || action !== 'Pass').map((rule) => ruleObject(rule, field));
      return {
        apiVersion: `${ADMIN_GROUP}/v1alpha1`,
        kind: isAdmin ? 'AdminNetworkPolicy' : 'BaselineAdminNetworkPolicy',
        metadata: { name: isAdmin ? one.name : 'default' },
        spec: { ...(isAdmin ? { priority: one.priority } : {}), subject: { pods: one.subject }, ingress: rules(one.ingress, 'from'), egress: rules(one.egress, 'to') },
      };
    });
}

/** The pods of a world as templates, whose addresses nobody knows: there is no word between the two on whether ranges hold pods. */
function templates({ pods, around }: World): readonly object[] {
  const namespaces = [...around].map(([name, labels]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(labels) } }));
  return [
    ...namespaces,
    ...pods.map(({ namespace, labels, ports }, i) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `w${i}`, namespace },
      spec: {
        template: {
          metadata: { labels: Object.fromEntries(labels) },
          spec: { containers: [{ name: 'main', ports: ports.map(({ name, port, protocol }) => ({ ...(name === null ? {} : { name }), containerPort: port, protocol })) }] },
        },
      },
    })),
  ];
}

interface Question {
  readonly src: string;
  readonly src_kind: string;
  readonly dst: string;
  readonly dst_kind: string;
  readonly port: number;
  readonly protocol: PolicyProtocol;
}

function questions({ pods }: World): readonly Question[] {
  const ends = [...pods.map(({ namespace }, i) => [`${namespace}/w${i}`, 'Deployment'] as const), ...['198.51.100.7', '10.0.1.9', '2001:db8::1'].map((text) => [text, 'IP'] as const)];
  return ends.flatMap(([src, srcKind]) =>
    ends.flatMap(([dst, dstKind]) =>
      srcKind === 'IP' && dstKind === 'IP'
        ? []
        : [79, 80, 81, 8080, 9001].flatMap((port) => (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ src, src_kind: srcKind, dst, dst_kind: dstKind, port, protocol }))),
    ),
  );
}

describeShared('the tiers of administrators', 'oracle', () => {
  const cases = fc.sample(fc.tuple(world, adminPolicies, fc.array(policy, { maxLength: 3 })), { seed: 7, numRuns: 60 });

  it.each(cases.map(([around, admin, policies], i) => ({ i, around, admin, policies })))('are answered as the control does: world $i', ({ around, admin, policies }) => {
    // Two policies of one name would be one object.
    const objects = [...templates(around), ...policies.map((one, i) => ({ ...one, metadata: { ...one.metadata, name: `p${i}` } })), ...adminObjects(admin)];
    const path = join(scratch(), 'world.json');
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const asked = questions(around);
    const control = spawnSync('python3', ['-c', CONTROL, shared('oracle'), path], { input: asked.map((one) => `${JSON.stringify(one)}\n`).join(''), encoding: 'utf8' });
    expect(control.stderr).toBe('');
    const expected = control.stdout.trimEnd().split('\n');
    const read = eachObject(objects);
    const network = read.filter(({ kind }) => kind === 'NetworkPolicy').map(({ object }) => validatePolicy(object));
    const admins = read.flatMap(({ kind, object }) => (kind === 'AdminNetworkPolicy' || kind === 'BaselineAdminNetworkPolicy' ? [validateAdminPolicy(kind, object)] : []));
    expect([...network, ...admins].flatMap(({ problems }) => problems)).toEqual([]);
    const known = new ManifestWorld(toInventory(read).inventory, network.flatMap(({ policy: one }) => one ?? []), admins.flatMap(({ policy: one }) => one ?? []));
    const differing = asked.filter(({ src, src_kind: srcKind, dst, dst_kind: dstKind, port, protocol }, i) => {
      const [source, destination] = [known.find(src, srcKind), known.find(dst, dstKind)];
      return source === null || destination === null || String(known.policies.judge(source, destination, port, protocol).allowed) !== expected[i];
    });
    expect(differing).toEqual([]);
  });
});
