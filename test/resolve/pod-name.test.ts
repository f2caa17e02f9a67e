import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topOwnerByName, workloadOfPodName } from '../../src/resolve/pod-name.ts';

const guess = (pod: string): string => {
  const { kind, name } = workloadOfPodName(pod);
  return `${kind} ${name}`;
};
const top = (kind: string, name: string): string => {
  const owner = topOwnerByName({ kind, name });
  return `${owner.kind} ${owner.name}`;
};

describe('a pod’s name tells of', () => {
  it.each([
    // Deployments: the hash of the ReplicaSet, then five characters
    ['web-6b746f74dc-9rcxx', 'Deployment web'],
    ['coredns-5d78c9869d-bm4tt', 'Deployment coredns'],
    ['metrics-server-648b5df564-tbtnw', 'Deployment metrics-server'],
    ['productpage-v1-797845985d-b56w9', 'Deployment productpage-v1'],
    ['istio-ingressgateway-6b7f4bc9c-z6xq2', 'Deployment istio-ingressgateway'],
    ['cilium-operator-56bddf8cc5-4ndbr', 'Deployment cilium-operator'],
    ['app-5d4f8c-x7x2l', 'Deployment app'], // six characters
    ['app-5d4f8-x7x2l', 'DaemonSet app-5d4f8'], // five are too few
    ['app-5d4f8c7b94d-x7x2l', 'DaemonSet app-5d4f8c7b94d'], // eleven too many
    ['api-5f0d1c3b9-x2k4z', 'Deployment api'], // a hash may hold other digits
    ['report-2847552-x7k2p', 'Deployment report'], // seven digits are a hash, no minute
    ['my.app-6b746f74dc-9rcxx', 'Deployment my.app'],
    // CronJobs: the minute the Job was due
    ['backup-28475520-x7k2p', 'CronJob backup'],
    ['db-backup-nightly-29012345-qwz7d', 'CronJob db-backup-nightly'],
    ['old-1616000400-x7k2p', 'CronJob old'], // seconds, as older clusters name them
    // DaemonSets: five characters
    ['kube-proxy-x7k2p', 'DaemonSet kube-proxy'],
    ['calico-node-4wq7d', 'DaemonSet calico-node'],
    ['fluent-bit-9kz5r', 'DaemonSet fluent-bit'],
    ['ztunnel-hvk6s', 'DaemonSet ztunnel'],
    ['prometheus-node-exporter-2bxcl', 'DaemonSet prometheus-node-exporter'],
    // StatefulSets: the ordinal
    ['db-0', 'StatefulSet db'],
    ['kafka-12', 'StatefulSet kafka'],
    ['elasticsearch-master-2', 'StatefulSet elasticsearch-master'],
    ['alertmanager-main-1', 'StatefulSet alertmanager-main'],
    ['db-100', 'StatefulSet db'],
    // Pods that nobody made, or whose name tells nothing
    ['debug', 'Pod debug'],
    ['curl', 'Pod curl'],
    ['etcd-node-a', 'Pod etcd-node-a'],
    ['web-aeiou', 'Pod web-aeiou'], // vowels are never in made names
    ['web-9rcx', 'Pod web-9rcx'], // four characters
    ['web-9rcx1', 'Pod web-9rcx1'], // 1 is never in the last part
    ['web-00', 'Pod web-00'], // no ordinal is written so
    ['web-', 'Pod web-'],
    ['x7k2p', 'Pod x7k2p'],
    ['0', 'Pod 0'],
    ['-0', 'Pod -0'],
    ['', 'Pod '],
    ['job-3f2b1c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d', 'Pod job-3f2b1c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d'],
  ])('%s: %s', (pod, expected) => {
    expect(guess(pod)).toBe(expected);
  });

  const base = fc.stringMatching(/^[a-z]([a-z0-9-]{0,12}[a-z])?$/);
  const suffix = fc.stringMatching(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);

  it('whatever made it: rollouts and restarts change nothing', () => {
    const hash = fc.stringMatching(/^[456789bcdf]{8,10}$/).filter((text) => /[bcdf]/.test(text));
    const minute = fc.integer({ min: 10_000_000, max: 99_999_999 });
    fc.assert(
      fc.property(base, hash, minute, suffix, fc.nat(999), (name, revision, due, end, ordinal) => {
        expect(guess(`${name}-${revision}-${end}`)).toBe(`Deployment ${name}`);
        expect(guess(`${name}-${due}-${end}`)).toBe(`CronJob ${name}`);
        expect(guess(`${name}-${ordinal}`)).toBe(`StatefulSet ${name}`);
      }),
    );
  });

  it('an owner whose name its own begins with', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          base,
          fc.string(),
          fc.tuple(base, suffix).map((parts) => parts.join('-')),
        ),
        (pod) => {
          const { kind, name } = workloadOfPodName(pod);
          expect(pod.startsWith(name)).toBe(true);
          expect(kind === 'Pod').toBe(name === pod);
        },
      ),
    );
  });
});

describe('an owner’s name tells of its own owner', () => {
  it.each([
    ['ReplicaSet', 'web-6b746f74dc', 'Deployment web'],
    ['ReplicaSet', 'web-5d4f8c', 'Deployment web'],
    ['ReplicaSet', 'web', 'ReplicaSet web'],
    ['ReplicaSet', 'web-5d4f8', 'ReplicaSet web-5d4f8'],
    ['ReplicaSet', 'web-backend', 'ReplicaSet web-backend'], // vowels: somebody’s own name
    ['Job', 'backup-28475520', 'CronJob backup'],
    ['Job', 'backup-1616000400', 'CronJob backup'],
    ['Job', 'migrate', 'Job migrate'],
    ['Job', 'migrate-2024', 'Job migrate-2024'],
    ['Job', 'migrate-2847552', 'Job migrate-2847552'], // seven digits
    ['Job', '28475520', 'Job 28475520'],
    ['Deployment', 'web-6b746f74dc', 'Deployment web-6b746f74dc'],
    ['StatefulSet', 'db-28475520', 'StatefulSet db-28475520'],
    ['Rollout', 'web', 'Rollout web'],
    ['DaemonSet', 'kube-proxy', 'DaemonSet kube-proxy'],
    ['CronJob', 'backup-28475520', 'CronJob backup-28475520'],
  ])('%s %s: %s', (kind, name, expected) => {
    expect(top(kind, name)).toBe(expected);
  });

  it('and is the top then', () => {
    fc.assert(
      fc.property(fc.constantFrom('ReplicaSet', 'Job', 'Deployment', 'CronJob'), fc.stringMatching(/^[a-z0-9-]{1,20}$/), (kind, name) => {
        const once = topOwnerByName({ kind, name });
        expect(topOwnerByName(once)).toEqual(once);
      }),
    );
  });
});
