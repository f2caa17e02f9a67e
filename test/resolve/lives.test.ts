import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Directory } from '../../src/resolve/directory.ts';
import { occupantAt } from '../../src/resolve/lives.ts';
import { NO_SIGHTINGS, type Life, type Sightings } from '../../src/resolve/sightings.ts';
import { directoryOf, life, sightings } from '../support/directory.ts';
import { workload } from '../support/evidence.ts';
import { nodeObject } from '../support/inventory.ts';

const ADDRESS = '10.244.0.11';
const START = Date.UTC(2026, 2, 2);
/** Milliseconds of a second after the start. */
const s = (seconds: number): number => START + seconds * 1000;
const iso = (seconds: number): string => new Date(s(seconds)).toISOString();
const seen = (pod: string, from: number, until: number, address = ADDRESS): Life => life(address, pod, s(from), s(until));

interface ApiPod {
  readonly name: string;
  readonly start: number;
  readonly ended?: number;
  readonly deleted?: number;
  readonly sandbox?: number;
  readonly hostNetwork?: boolean;
}

function apiPod({ name, start, ended, deleted, sandbox, hostNetwork = false }: ApiPod): object {
  return {
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      name,
      ownerReferences: [{ kind: 'ReplicaSet', name: name.replace(/-[^-]*$/, ''), controller: true }],
      ...(deleted === undefined ? {} : { deletionTimestamp: iso(deleted) }),
    },
    spec: { hostNetwork, containers: [{ name: 'main' }] },
    status: {
      phase: ended === undefined ? 'Running' : 'Succeeded',
      podIP: ADDRESS,
      startTime: iso(start),
      ...(sandbox === undefined ? {} : { conditions: [{ type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: iso(sandbox) }] }),
      ...(ended === undefined ? {} : { containerStatuses: [{ state: { terminated: { finishedAt: iso(ended) } } }] }),
    },
  };
}

/** What the API said at second 500. */
const api = (...pods: readonly ApiPod[]): Directory => directoryOf([...pods.map(apiPod), nodeObject('node-a', '192.168.0.1', undefined, iso(500))]);
const NO_API = directoryOf();

/** The pod's name, `of WORKLOAD` where only that is certain, or why there is none. */
function who(directory: Directory, known: Sightings | null, from: number, until = from): string {
  const found = occupantAt(ADDRESS, s(from), s(until), directory, known);
  if (typeof found === 'string') return found;
  return found.pod === '' ? `of ${found.peer.name}` : found.pod;
}

describe('a life that records showed', () => {
  const one = sightings(seen('shop/web-1', 100, 200), seen('shop/other-1', 100, 200, '10.244.0.12'));
  it.each([
    ['within it', 150, 150, 'shop/web-1'],
    ['at its first record', 100, 100, 'shop/web-1'],
    ['at its last record', 200, 200, 'shop/web-1'],
    ['from its first to its last record', 100, 200, 'shop/web-1'],
    ['a minute before it', 40, 40, 'shop/web-1'],
    ['more than a minute before it', 39.999, 39.999, 'nobody'],
    ['a minute after it', 260, 260, 'shop/web-1'],
    ['more than a minute after it', 260.001, 260.001, 'nobody'],
    ['a time that begins too early', 30, 150, 'nobody'],
    ['a time that ends too late', 150, 270, 'nobody'],
    ['a time that reaches over both ends', 45, 255, 'shop/web-1'],
  ])('%s: %f to %f, %s', (_, from, until, expected) => {
    expect(who(NO_API, one, from, until)).toBe(expected);
  });

  it('says nothing of another address', () => {
    expect(occupantAt('10.244.0.13', s(150), s(150), NO_API, one)).toBe('nobody');
  });

  it('counts for nothing while reading: a later record may claim the same time', () => {
    expect(who(NO_API, null, 150)).toBe('nobody');
  });
});

describe('an address that changes hands', () => {
  it.each([
    // far apart: nobody's time between them
    [300, 100, 'shop/web-1'],
    [300, 160, 'shop/web-1'],
    [300, 161, 'nobody'],
    [300, 239, 'nobody'],
    [300, 240, 'shop/cart-1'],
    // closer than two minutes: where both may have been, neither is told
    [130, 69, 'shop/web-1'],
    [130, 75, 'shop/web-1'], // its own record's time counts before the minute before another's
    [130, 100, 'shop/web-1'],
    [130, 101, 'several'],
    [130, 129, 'several'],
    [130, 130, 'shop/cart-1'],
    [130, 155, 'shop/cart-1'],
    // overlapping: both were seen there
    [90, 89, 'shop/web-1'],
    [90, 90, 'several'],
    [90, 100, 'several'],
    [90, 101, 'shop/cart-1'],
  ])('at second 0 to 100 one, from %i on another: at %i %s', (next, time, expected) => {
    const lives = [seen('shop/web-1', 0, 100), seen('shop/cart-1', next, next + 200)];
    expect(who(NO_API, sightings(...lives), time)).toBe(expected);
    expect(who(NO_API, sightings(...lives.toReversed()), time)).toBe(expected);
  });

  it('to another pod of the workload has one owner and no known pod', () => {
    const known = sightings(seen('shop/web-1', 0, 100), seen('shop/web-2', 50, 200));
    expect(who(NO_API, known, 75)).toBe('of web');
    expect(who(NO_API, known, 25)).toBe('shop/web-1');
  });

  it('has two owners where pods of one name are in two namespaces', () => {
    expect(who(NO_API, sightings(seen('shop/web-1', 0, 100), seen('pay/web-1', 0, 100)), 50)).toBe('several');
  });

  it('has two owners where a StatefulSet and a Deployment are called alike', () => {
    const known = sightings(seen('shop/web-a', 0, 100), life(ADDRESS, 'shop/web-0', s(0), s(100), workload('shop/StatefulSet/web')));
    expect(who(NO_API, known, 50)).toBe('several');
  });
});

describe('a life that the API states', () => {
  const running = { name: 'web-6b746f74dc-9rcxx', start: 100 };
  const POD = 'shop/web-6b746f74dc-9rcxx';

  it.each([
    ['from its start', 100, POD],
    ['until the list was made', 500, POD],
    ['not before its start', 99, 'nobody'],
    ['not after the list was made', 501, 'nobody'],
  ])('is certain while reading %s', (_, time, expected) => {
    expect(who(api(running), null, time)).toBe(expected);
  });

  it.each([
    ['a minute before its start', 40, POD],
    ['longer before', 39, 'nobody'],
    ['a minute after the list was made', 560, POD],
    ['long after: it was alive, and nobody else was seen there', 9_000, POD],
  ])('is taken afterwards %s', (_, time, expected) => {
    expect(who(api(running), NO_SIGHTINGS, time)).toBe(expected);
  });

  it('goes on until somebody else is seen at its address', () => {
    const known = sightings(seen('shop/cart-1', 700, 800));
    expect(who(api(running), known, 639)).toBe(POD);
    expect(who(api(running), known, 700)).toBe('shop/cart-1');
    expect(who(api(running), known, 5_000)).toBe('nobody');
  });

  it('is not cut short by itself being seen', () => {
    expect(who(api(running), sightings(seen(POD, 700, 800)), 5_000)).toBe(POD);
  });

  it('counts before what records showed', () => {
    expect(who(api(running), sightings(seen('shop/cart-1', 200, 300)), 250)).toBe(POD);
  });

  it('ends with the last container of a completed pod: its address is free, though the status keeps it', () => {
    const job = { name: 'web-6b746f74dc-9rcxx', start: 100, ended: 300 };
    expect([300, 301].map((time) => who(api(job), null, time))).toEqual([POD, 'nobody']);
    expect([360, 361, 9_000].map((time) => who(api(job), NO_SIGHTINGS, time))).toEqual([POD, 'nobody', 'nobody']);
    expect(who(api(job), sightings(seen('shop/cart-1', 400, 500)), 450)).toBe('shop/cart-1');
  });

  it('ends with deletion', () => {
    const deleted = { name: 'web-6b746f74dc-9rcxx', start: 100, deleted: 200 };
    expect([200, 260, 261].map((time) => who(api(deleted), NO_SIGHTINGS, time))).toEqual([POD, POD, 'nobody']);
  });

  it('begins anew with a new sandbox, which has a new address', () => {
    const restarted = { name: 'web-6b746f74dc-9rcxx', start: 100, sandbox: 300 };
    expect([299, 300].map((time) => who(api(restarted), null, time))).toEqual(['nobody', POD]);
  });

  it('is nobody’s where two pods are listed with the address at once', () => {
    const other = { name: 'cart-7d9f8b6c5d-x7x2l', start: 200 };
    expect([150, 250].map((time) => who(api(running, other), null, time))).toEqual([POD, 'several']);
    expect(who(api(running, other), NO_SIGHTINGS, 250)).toBe('several');
  });

  it('passes from one pod to the next', () => {
    const directory = api({ name: 'cart-7d9f8b6c5d-x7x2l', start: 0, ended: 90 }, running);
    expect([50, 90, 95, 100].map((time) => who(directory, NO_SIGHTINGS, time))).toEqual([
      'shop/cart-7d9f8b6c5d-x7x2l',
      'shop/cart-7d9f8b6c5d-x7x2l',
      'several',
      POD,
    ]);
  });

  it('is not a hostNetwork pod’s: its address is the node’s', () => {
    expect(who(api({ ...running, hostNetwork: true }), NO_SIGHTINGS, 250)).toBe('nobody');
  });

  it('says the time in which the answer holds', () => {
    expect(occupantAt(ADDRESS, s(250), s(250), api(running), null)).toMatchObject({ from: s(100), until: s(500) });
  });
});

describe('an address', () => {
  const lives = fc.array(
    fc
      .tuple(fc.constantFrom('shop/web-1', 'shop/web-2', 'shop/cart-1'), fc.nat(600), fc.nat(200))
      .map(([pod, from, length]) => seen(pod, from, from + length)),
    { maxLength: 4 },
  );

  it('has the same occupant in whatever order its lives are known', () => {
    fc.assert(
      fc.property(lives, fc.nat(900), fc.nat(30), (all, from, length) => {
        expect(who(NO_API, sightings(...all.toReversed()), from, from + length)).toBe(who(NO_API, sightings(...all), from, from + length));
      }),
    );
  });

  it('has only an occupant that was seen there within a minute', () => {
    fc.assert(
      fc.property(lives, fc.nat(900), (all, time) => {
        const found = occupantAt(ADDRESS, s(time), s(time), NO_API, sightings(...all));
        const near = all.filter(({ firstSeen, lastSeen }) => firstSeen - 60_000 <= s(time) && s(time) <= lastSeen + 60_000);
        const owners = new Set(near.map((one) => one.workload.name));
        if (typeof found !== 'string') expect(owners).toContain(found.peer.name);
        else expect(found).toBe(owners.size === 0 ? 'nobody' : 'several');
        if (owners.size === 1) expect(found).toMatchObject({ peer: { name: [...owners][0] } });
      }),
    );
  });
});
