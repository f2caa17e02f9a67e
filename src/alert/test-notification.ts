import type { Notification } from '../notifier.ts';

/** What a target is told when somebody wants to know whether it can be told anything. `now` is wall-clock time. */
export function testNotification(now: number, by: string): Notification {
  return {
    id: `test.${now.toString(36)}.1`,
    event: 'firing',
    at: now,
    since: now,
    alert: {
      id: 'test',
      kind: 'test',
      class: null,
      severity: 'low',
      state: 'firing',
      source: null,
      destination: null,
      protocol: null,
      port: 0,
      firstSeen: now,
      lastSeen: now,
      count: 1,
      reason: `a test by ${by}: nothing has happened`,
      evidence: [],
      sourceName: null,
      destinationName: null,
      edges: 0,
      over: null,
    },
  };
}
