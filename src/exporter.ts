import type { Edge } from './model/edge.ts';
import type { Peer } from './model/peer.ts';
import type { Authorizations, Proposal } from './model/proposal.ts';

/** An exporter renders proposals for one enforcement point. Pure; equal proposals give equal bytes. */
export interface Exporter {
  /** As `propose --as` takes it. */
  readonly name: string;
  readonly description: string;
  /** What it can be asked for beyond the proposals; whoever asks it for more is told so. */
  readonly takes: readonly RenderOption[];
  /** It names outside destinations by their DNS names, where they have some, whatever addresses are behind them. */
  readonly byName?: boolean;
  render(set: PolicySet, options?: RenderOptions): readonly RenderedFile[];
  /** What was proposed and this form has no policy for, a sentence each. */
  leftOut?(set: PolicySet): readonly string[];
}

export interface PolicySet {
  readonly proposals: readonly Proposal[];
  /** Namespaces that get a policy which closes every pod both ways. */
  readonly defaultDeny: readonly string[];
  /** The edges that rules name, by id: their ends, ports, operations. */
  readonly edges: ReadonlyMap<string, Edge>;
  /** Who answers for names in the cluster, and at which port. */
  readonly resolvers: readonly { readonly peer: Peer; readonly port: number }[];
  /** What the mesh is to enforce beside the network. */
  readonly authorizations: Authorizations;
}

/**
 * `l7`: methods and paths as they were seen, and no others. `enforced`: policies that act, where the form has others that only
 * tell what they would deny. `byPort`: clients that nothing tells by a certificate get a rule for their port alone.
 * `trustDomain`: the mesh's, where no certificate tells it.
 */
export type RenderOption = 'l7' | 'enforced' | 'byPort' | 'trustDomain';

export type RenderOptions = Readonly<Partial<Record<Exclude<RenderOption, 'trustDomain'>, boolean>> & { readonly trustDomain?: string }>;

export interface RenderedFile {
  /** `<namespace>__<name>.yaml`, by the Kubernetes grammar: never a path. */
  readonly name: string;
  readonly content: string;
  /** The same object without comments, for JSON lists. */
  readonly object: object;
}
