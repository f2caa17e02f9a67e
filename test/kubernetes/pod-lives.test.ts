import { describe, expect, it } from 'vitest';
import { endedByChange, endedByNow, endedSince, PodLives } from '../../src/kubernetes/pod-lives.ts';
import { projectPod } from '../../src/kubernetes/project.ts';
import type { PodFact } from '../../src/model/inventory.ts';
import { podObject } from '../support/inventory.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const SECOND = 1_000;

function pod(more: Partial<PodFact> = {}): PodFact {
  const fact = projectPod(podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.1', start: '2026-03-02T11:00:00Z' }));
  return { ...fact!, ...more };
}

describe('the end of a pod', () => {
  it.each<readonly [string, number | null, number]>([
    ['that just vanished is now', null, NOW],
    ['whose containers had ended is their end', NOW - 20 * SECOND, NOW - 20 * SECOND],
    ['whose deletion may take until later is now', NOW + 25 * SECOND, NOW],
  ])('%s', (_, until, expected) => {
    expect(endedByNow(pod({ until }), NOW)).toMatchObject({ until: expected, gone: true });
  });

  it.each<readonly [string, Partial<PodFact>, number]>([
    ['is not later than the last look', {}, NOW - 90 * SECOND],
    ['is where the object said', { until: NOW - 95 * SECOND }, NOW - 95 * SECOND],
    ['is not before it began', { from: NOW - 80 * SECOND }, NOW - 80 * SECOND],
    ['is not in the future', { from: NOW + 80 * SECOND }, NOW],
  ])('that nobody saw %s', (_, more, expected) => {
    expect(endedSince(pod(more), NOW - 90 * SECOND, NOW)).toMatchObject({ until: expected, gone: true });
  });
});

describe('a change of a pod', () => {
  const change = (before: Partial<PodFact>, after: Partial<PodFact>): PodFact | null => endedByChange(pod(before), pod(after), NOW - 10 * SECOND, NOW);

  it.each<readonly [string, Partial<PodFact>, Partial<PodFact>]>([
    ['its labels change', {}, { labels: new Map([['a', 'b']]) }],
    ['it gets its first address', { addresses: [] }, {}],
    ['it gets a second address', {}, { addresses: ['10.0.0.1', 'fd00::1'] }],
    ['it completes', {}, { until: NOW, completed: true }],
  ])('ends no life when %s', (_, before, after) => {
    expect(change(before, after)).toBeNull();
  });

  it('ends the life at an address that it lost, at the last look', () => {
    expect(change({}, { addresses: ['10.0.0.9'] })).toMatchObject({ addresses: ['10.0.0.1'], until: NOW - 10 * SECOND, gone: true });
  });

  it('ends it before the new one began, if that was earlier', () => {
    expect(change({}, { addresses: ['10.0.0.9'], from: NOW - 40 * SECOND })).toMatchObject({ until: NOW - 40 * SECOND });
  });

  it('ends the life of another pod of the same name', () => {
    expect(change({ uid: 'old' }, { uid: 'new', from: NOW - 2 * SECOND })).toMatchObject({ uid: 'old', until: NOW - 10 * SECOND });
  });
});

describe('lives that ended', () => {
  const names = (lives: PodLives, now: number): readonly string[] => lives.ended(now).map(({ name }) => name);

  it('are kept for so long after they were noticed, however long ago they were', () => {
    const lives = new PodLives({ keepFor: 60 * SECOND, keepAtMost: 100 });
    lives.keep(pod({ name: 'old', until: 0 }), NOW);
    lives.keep(pod({ name: 'new', until: 0 }), NOW + 30 * SECOND);
    expect(names(lives, NOW + 60 * SECOND)).toEqual(['old', 'new']);
    expect(names(lives, NOW + 61 * SECOND)).toEqual(['new']);
    expect(names(lives, NOW + 91 * SECOND)).toEqual([]);
  });

  it('are so many at most: the oldest go first', () => {
    const lives = new PodLives({ keepFor: 60 * SECOND, keepAtMost: 3 });
    for (let i = 0; i < 10; i++) lives.keep(pod({ name: `pod-${i}` }), NOW);
    expect(names(lives, NOW)).toEqual(['pod-7', 'pod-8', 'pod-9']);
  });

  it('are no lives without an address of their own', () => {
    const lives = new PodLives({ keepFor: 60 * SECOND, keepAtMost: 3 });
    lives.keep(pod({ addresses: [] }), NOW);
    lives.keep(pod({ hostNetwork: true }), NOW);
    expect(names(lives, NOW)).toEqual([]);
  });
});
