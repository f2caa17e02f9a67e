import type { WorkloadRef } from '../model/flow.ts';

/**
 * Tells the workload from the name of its pod. The API server makes names of `bcdfghjklmnpqrstvwxz2456789`; the hash of a
 * ReplicaSet may hold other digits too. A guess: the inventory corrects it.
 */

const RUN = /^(.+)-[0-9]{8,}$/; // a CronJob's Job: the minute it was due, since 1970
const JOB_POD = /^(.+)-[0-9]{8,}-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const REPLICA_SET = /^(.+)-[bcdfghjklmnpqrstvwxz0-9]{6,10}$/;
const DEPLOYMENT_POD = /^(.+)-[bcdfghjklmnpqrstvwxz0-9]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const DAEMON_SET_POD = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const STATEFUL_SET_POD = /^(.+)-(?:0|[1-9][0-9]{0,5})$/;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [JOB_POD, 'CronJob'],
  [DEPLOYMENT_POD, 'Deployment'],
  [DAEMON_SET_POD, 'DaemonSet'],
  [STATEFUL_SET_POD, 'StatefulSet'],
];

export function workloadOfPodName(pod: string): WorkloadRef {
  for (const [pattern, kind] of PATTERNS) {
    const name = pattern.exec(pod)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return { kind: 'Pod', name: pod };
}

/** The top owner as far as names tell it: a CronJob's Job, a Deployment's ReplicaSet. */
export function topOwnerByName(ref: WorkloadRef): WorkloadRef {
  const name = ref.kind === 'Job' ? RUN.exec(ref.name)?.[1] : ref.kind === 'ReplicaSet' ? REPLICA_SET.exec(ref.name)?.[1] : undefined;
  if (name === undefined) return ref;
  return { kind: ref.kind === 'Job' ? 'CronJob' : 'Deployment', name };
}
