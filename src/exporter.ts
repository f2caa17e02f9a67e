import type { Proposal } from './model/proposal.ts';

/** An exporter renders proposals for one enforcement point. Pure; equal proposals give equal bytes. */
export interface Exporter {
  /** As `propose --as` takes it. */
  readonly name: string;
  readonly description: string;
  render(set: PolicySet): readonly RenderedFile[];
}

export interface PolicySet {
  readonly proposals: readonly Proposal[];
  /** Namespaces that get a policy which closes every pod both ways. */
  readonly defaultDeny: readonly string[];
}

export interface RenderedFile {
  /** `<namespace>__<name>.yaml`, by the Kubernetes grammar: never a path. */
  readonly name: string;
  readonly content: string;
  /** The same object without comments, for JSON lists. */
  readonly object: object;
}
