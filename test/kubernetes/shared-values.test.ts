import { describe, expect, it } from 'vitest';
import { projectPod } from '../../src/kubernetes/project.ts';
import { SharedValues } from '../../src/kubernetes/shared-values.ts';
import { podObject } from '../support/inventory.ts';

const pod = (name: string, labels: Record<string, string> = { app: 'web' }): NonNullable<ReturnType<typeof projectPod>> =>
  projectPod(podObject({ namespace: 'shop', name, ip: '10.0.0.1', labels, owner: ['ReplicaSet', 'web-1'], hostIP: '192.168.0.1', ports: [{ containerPort: 80 }] }))!;

describe('sharing values', () => {
  it('changes no fact', () => {
    const fact = pod('a');
    expect(new SharedValues().share(fact)).toEqual(fact);
  });

  it('keeps what two facts have in common once', () => {
    const shared = new SharedValues();
    const [a, b] = [shared.share(pod('a')), shared.share(pod('b'))];
    expect([a.labels, a.owner, a.ports, a.hostAddresses].map((value, i) => value === [b.labels, b.owner, b.ports, b.hostAddresses][i])).toEqual([true, true, true, true]);
  });

  it('keeps a map and what looks like one apart', () => {
    const shared = new SharedValues();
    const empty = shared.share({ labels: new Map(), selector: {}, ports: [] });
    expect(empty).toEqual({ labels: new Map(), selector: {}, ports: [] });
    const map = shared.share({ labels: new Map([['a', 'b']]) });
    expect(shared.share({ selector: { map: [['a', 'c']] } })).toEqual({ selector: { map: [['a', 'c']] } });
    expect(map.labels).toBeInstanceOf(Map);
  });

  it('forgets in time, so that what is long gone does not pile up', () => {
    const shared = new SharedValues();
    const first = shared.share({ labels: new Map([['n', 'first']]) });
    for (let i = 0; i < 20_000; i++) shared.share({ labels: new Map([['n', String(i)]]) });
    const again = shared.share({ labels: new Map([['n', 'first']]) });
    expect(again).toEqual(first);
    expect(again.labels).not.toBe(first.labels);
  });
});
