import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRevisionLabel } from '../../../src/model/labels.ts';
import { isEmptySelector, selectorMatches, type LabelSelector } from '../../../src/model/selector.ts';
import { chooseSelector, type ChosenSelector } from '../../../src/policy/propose/selector.ts';
import { Roster, type Member } from '../../../src/policy/roster.ts';
import { Learner } from '../../support/graph.ts';
import { pod } from '../../support/hubble.ts';
import { ownerObject, podObject } from '../../support/inventory.ts';
import { deployed, learned, selectorLine, workloadName } from '../../support/proposals.ts';

function memberOf(roster: Roster, path: string): Member {
  const member = [...roster.members()].find(({ peer }) => workloadName(peer) === path);
  if (member === undefined) throw new Error(`no workload ${path}`);
  return member;
}

function chosen(learner: Learner, path = 'shop/web'): ChosenSelector {
  const roster = new Roster(learner.graph());
  return chooseSelector(memberOf(roster, path), roster);
}

/** The selector as text, or the reason why there is none. */
function choice(learner: Learner, path = 'shop/web'): string {
  const result = chosen(learner, path);
  return result.selector === null ? result.reason : selectorLine(result.selector);
}

type Objects = { readonly objects: readonly object[] };

const known = (...workloads: readonly Objects[]): Learner => new Learner().know(...workloads.flatMap(({ objects }) => objects));
const web = (labels: Record<string, string>, selector: object | null = { matchLabels: labels }) =>
  deployed('shop/web', '10.0.0.1', { labels, selector });
const other = (labels: Record<string, string>, path = 'shop/other') => deployed(path, '10.0.0.2', { labels });

describe('the owner’s own selector', () => {
  it.each<[string, readonly Objects[], string]>([
    [
      'is taken if it picks exactly its pods',
      [web({ app: 'web', tier: 'front' }, { matchLabels: { tier: 'front' } }), other({ app: 'other' })],
      '{tier=front}',
    ],
    [
      'with its expressions',
      [web({ app: 'web' }, { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'www'] }] }), other({ app: 'other' })],
      '{app In (web,www)}',
    ],
    [
      'even with a version, which never changes there',
      [web({ app: 'web', version: 'v1' }), other({ app: 'web', version: 'v2' })],
      '{app=web,version=v1}',
    ],
    ['even where fewer labels would do', [web({ app: 'web', tier: 'front' })], '{app=web,tier=front}'],
    ['whoever has the same labels in another namespace', [web({ app: 'web' }), other({ app: 'web' }, 'bank/web')], '{app=web}'],
    [
      'not if it picks pods of another workload',
      [web({ app: 'web', part: 'api' }, { matchLabels: { app: 'web' } }), other({ app: 'web', part: 'worker' })],
      '{part=api}',
    ],
    ['not if it is empty', [web({ app: 'web' }, {})], '{app=web}'],
    ['not if it names one revision', [web({ app: 'web', 'pod-template-hash': '5d9c7b9f6d' })], '{app=web}'],
    [
      'not if it names one revision in an expression',
      [web({ app: 'web', 'controller-revision-hash': 'x' }, { matchExpressions: [{ key: 'controller-revision-hash', operator: 'Exists' }] })],
      '{app=web}',
    ],
  ])('%s', (_, workloads, expected) => {
    expect(choice(known(...workloads))).toBe(expected);
  });

  it('is that of the Deployment, whichever ReplicaSet has the pods', () => {
    expect(choice(known(deployed('shop/web', '10.0.0.1', { kind: 'Deployment' }), other({ app: 'other' })))).toBe('{app=web}');
  });

  it('is not taken if it misses a pod of the workload', () => {
    const stray = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web' }, owner: ['StatefulSet', 'web'] });
    const learner = known(web({ app: 'web', tier: 'front' }, { matchLabels: { app: 'web', tier: 'front' } }), { objects: [stray] });
    expect(choice(learner)).toBe('{app=web}');
  });

  it('is checked against workloads that have no pod just now', () => {
    const idle = ownerObject('Deployment', 'shop', 'idle', { app: 'web', part: 'idle' });
    expect(choice(known(web({ app: 'web', part: 'api' }, { matchLabels: { app: 'web' } }), { objects: [idle] }))).toBe('{part=api}');
  });

  it('is not checked against pods on the host’s network, which no policy selects', () => {
    const agent = deployed('shop/agent', '192.168.0.1', { labels: { app: 'web' }, pod: { hostNetwork: true } });
    expect(choice(known(web({ app: 'web' }), agent))).toBe('{app=web}');
  });
});

describe('pods of a workload that is gone', () => {
  const OLD = '2026-03-01T00:00:00Z';
  const gone = podObject({ namespace: 'shop', name: 'old-0', ip: '10.0.0.8', labels: { app: 'web' }, owner: ['StatefulSet', 'old'], start: OLD });
  const heir = [
    ownerObject('StatefulSet', 'shop', 'web', { app: 'web' }),
    podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.1', labels: { app: 'web' }, owner: ['StatefulSet', 'web'], start: '2026-03-02T00:00:00Z' }),
  ];

  it('do not keep its selector from its heir', () => {
    expect(choice(new Learner().know(gone).know(...heir))).toBe('{app=web}');
  });

  it('keep it while they are there, or while something may make new ones', () => {
    expect(choice(new Learner().know(gone, ...heir))).toMatch(/no label that tells them/);
    expect(choice(new Learner().know(gone).know(...heir, ownerObject('StatefulSet', 'shop', 'old', { app: 'web' })))).toMatch(/no label that tells them/);
  });
});

describe('else the smallest set of stable labels', () => {
  const without = (labels: Record<string, string>): ReturnType<typeof web> => web(labels, null);
  it.each<[string, readonly Objects[], string]>([
    [
      'one label, the most telling first',
      [without({ tier: 'front', app: 'web', 'app.kubernetes.io/name': 'web', owner: 'me' })],
      '{app.kubernetes.io/name=web}',
    ],
    [
      'one that is less telling, if it tells the workload from the others',
      [
        without({ app: 'shop', 'app.kubernetes.io/name': 'shop', tier: 'front' }),
        other({ app: 'shop', 'app.kubernetes.io/name': 'shop', tier: 'back' }),
      ],
      '{tier=front}',
    ],
    [
      'two where one does not do',
      [
        without({ app: 'web', tier: 'front' }),
        other({ app: 'web', tier: 'back' }),
        deployed('shop/third', '10.0.0.3', { labels: { app: 'db', tier: 'front' } }),
      ],
      '{app=web,tier=front}',
    ],
    [
      'never those of a revision',
      [
        without({
          'pod-template-hash': '1',
          'controller-uid': 'x',
          'job-name': 'y',
          'helm.sh/chart': 'web-1.2',
          'app.kubernetes.io/version': '1.2',
          'batch.kubernetes.io/job-name': 'z',
        }),
      ],
      'its pods have no stable label',
    ],
    ['none without labels', [without({})], 'its pods have no stable label'],
    [
      'none where others have all of them',
      [without({ app: 'web' }), other({ app: 'web', part: 'worker' })],
      'its pods have no label that tells them from those of other workloads',
    ],
    [
      'none where only a revision would tell',
      [without({ app: 'web', 'pod-template-hash': 'a' }), other({ app: 'web', 'pod-template-hash': 'b' })],
      'its pods have no label that tells them from those of other workloads',
    ],
  ])('%s', (_, workloads, expected) => {
    expect(choice(known(...workloads))).toBe(expected);
  });

  it('holds for every pod of the workload: what differs between them is left out', () => {
    const pods = [0, 1].map((i) =>
      podObject({
        namespace: 'shop',
        name: `web-${i}`,
        ip: `10.0.0.${i + 1}`,
        labels: { app: 'web', shard: String(i), 'apps.kubernetes.io/pod-index': String(i) },
        owner: ['StatefulSet', 'web'],
      }),
    );
    expect(choice(new Learner().know(...pods))).toBe('{app=web}');
  });

  it('takes the version where nothing else tells two workloads apart, and says so', () => {
    const versions = known(without({ app: 'reviews', version: 'v1' }), other({ app: 'reviews', version: 'v2' }));
    const result = chosen(versions);
    expect(result.selector).toEqual({ matchLabels: { app: 'reviews', version: 'v1' } });
    expect(result).toMatchObject({ notes: [expect.stringContaining('version')] });
    expect(choice(versions, 'shop/other')).toBe('{app=reviews,version=v2}');
  });

  it('leaves the version out where another label tells, without a note', () => {
    const result = chosen(known(without({ version: 'v1', part: 'api' }), other({ version: 'v2', part: 'worker' })));
    expect(result).toEqual({ selector: { matchLabels: { part: 'api' } }, notes: [] });
  });

  it('is that of the template for a CronJob between two runs', () => {
    const nightly = ownerObject('CronJob', 'shop', 'nightly', { app: 'nightly' });
    expect(choice(new Learner().know(nightly, ...other({ app: 'other' }).objects), 'shop/nightly')).toBe('{app=nightly}');
  });

  it('is that of the pods for a running Job, without the uid of its controller', () => {
    const uid = { 'controller-uid': 'u', 'batch.kubernetes.io/controller-uid': 'u', 'job-name': 'import', 'batch.kubernetes.io/job-name': 'import' };
    const job = ownerObject(
      'Job',
      'shop',
      'import',
      { app: 'import', ...uid },
      { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } } },
    );
    const jobPod = podObject({
      namespace: 'shop',
      name: 'import-x7k2p',
      ip: '10.0.0.5',
      labels: { app: 'import', ...uid },
      owner: ['Job', 'import'],
    });
    expect(choice(new Learner().know(job, jobPod), 'shop/import')).toBe('{app=import}');
  });
});

describe('without an inventory', () => {
  const from = pod('shop', 'web-0', '10.0.0.1', { app: 'web', 'controller-revision-hash': 'web-1' });
  const to = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' });

  it('the labels of the records are the proof, and the selector says so', () => {
    expect(chosen(learned([{ from, to }]))).toEqual({ selector: { matchLabels: { app: 'web' } }, notes: [expect.stringContaining('records')] });
  });

  it('labels that changed from one release to the next are left out', () => {
    const later = pod('shop', 'web-1', '10.0.0.3', { app: 'web', release: 'b' });
    const before = pod('shop', 'web-0', '10.0.0.1', { app: 'web', release: 'a' });
    expect(
      choice(
        learned([
          { from: before, to },
          { from: later, to },
        ]),
      ),
    ).toBe('{app=web}');
  });

  it('records without labels prove nothing', () => {
    const nameless = { ip: '10.0.0.1', pod: 'web-0', namespace: 'shop' };
    expect(choice(learned([{ from: nameless, to }]))).toContain('no labels of its pods are known');
  });

  it('pods of the inventory say more than records do, and need no note', () => {
    const learner = learned([{ from, to }], deployed('shop/web', '10.0.0.1', { labels: { app: 'www' } }).objects);
    expect(chosen(learner)).toEqual({ selector: { matchLabels: { app: 'www' } }, notes: [] });
  });
});

describe('for every small namespace', () => {
  const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'zone', 'version', 'pod-template-hash'), fc.constantFrom('a', 'b'), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  const selectors = fc.option(
    fc.dictionary(fc.constantFrom('app', 'tier', 'version'), fc.constantFrom('a', 'b'), { maxKeys: 2, noNullPrototype: true }),
    { nil: null },
  );
  const workload = fc.record({ pods: fc.array(labels, { minLength: 1, maxLength: 2 }), selector: selectors });
  const namespace = fc.array(workload, { minLength: 1, maxLength: 4 });

  const rosterOf = (
    workloads: readonly { readonly pods: readonly Record<string, string>[]; readonly selector: Record<string, string> | null }[],
  ): Roster => {
    const objects = workloads.flatMap(({ pods, selector }, i) => [
      ownerObject('StatefulSet', 'shop', `w${i}`, pods[0] ?? {}, { selector: selector === null ? null : { matchLabels: selector } }),
      ...pods.map((own, j) =>
        podObject({ namespace: 'shop', name: `w${i}-${j}`, ip: `10.0.${i}.${j}`, labels: own, owner: ['StatefulSet', `w${i}`] }),
      ),
    ]);
    return new Roster(new Learner().know(...objects).graph());
  };

  /** Whether a selector picks all pods of a workload and no other. */
  const picksExactly = (selector: LabelSelector, member: Member, roster: Roster): boolean =>
    [...roster.members()].every((one) =>
      one === member
        ? one.standIns.every((end) => selectorMatches(selector, end.labels))
        : !one.standIns.some((end) => selectorMatches(selector, end.labels)),
    );

  const subsets = (entries: readonly (readonly [string, string])[]): readonly (readonly (readonly [string, string])[])[] =>
    Array.from({ length: 2 ** entries.length }, (_, mask) => entries.filter((__, i) => (mask >> i) & 1));

  it('a selector picks exactly the workload’s pods, is never empty, and never names a revision; there is one wherever labels allow', () => {
    fc.assert(
      fc.property(namespace, (workloads) => {
        const roster = rosterOf(workloads);
        for (const member of roster.members()) {
          const result = chooseSelector(member, roster);
          const [first, ...rest] = member.standIns.map((end) => end.labels);
          const stable = [...(first ?? [])].filter(([key, value]) => !isRevisionLabel(key) && rest.every((own) => own.get(key) === value));
          // A version alone does not say what it is a version of.
          const telling = subsets(stable).filter((own) => own.some(([key]) => key !== 'version'));
          const fitting = telling.map((own) => ({ matchLabels: Object.fromEntries(own) })).filter((one) => picksExactly(one, member, roster));
          if (result.selector === null) {
            expect(fitting).toEqual([]);
            continue;
          }
          expect(isEmptySelector(result.selector)).toBe(false);
          expect(picksExactly(result.selector, member, roster)).toBe(true);
          const keys = Object.keys(result.selector.matchLabels ?? {});
          expect(keys.filter(isRevisionLabel)).toEqual([]);
          if (result.selector === member.fact?.selector) continue;
          const withoutVersion = fitting.filter(({ matchLabels }) => !('version' in matchLabels));
          expect(keys.includes('version')).toBe(withoutVersion.length === 0);
          if (withoutVersion.length > 0)
            expect(keys.length).toBe(Math.min(...withoutVersion.map(({ matchLabels }) => Object.keys(matchLabels).length)));
        }
      }),
      { numRuns: 60 },
    );
  });
});
