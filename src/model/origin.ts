/** Where a record comes from, as its envelope tells: which log, of which pod. */
export interface Origin {
  /** The source's name: a path, a topic, `stdin`. */
  readonly source: string;
  /** Owner of the log: the pod whose container wrote it. Null where nothing says. */
  readonly owner: OriginPod | null;
}

export interface OriginPod {
  /** Null where only the pod's name is known (`kubectl logs --prefix`). */
  readonly namespace: string | null;
  readonly pod: string;
  readonly container: string | null;
}
