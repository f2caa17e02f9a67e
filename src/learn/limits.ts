/** Caps that keep the graph bounded whatever comes in; each overflow is counted. Keys of the configuration's `limits`. */
export interface Limits {
  readonly edges: number;
  readonly edgesPerNamespace: number;
  readonly edgesPerWorkload: number;
  readonly outsideAddresses: number;
  readonly portsPerPair: number;
  readonly pathsPerService: number;
  readonly podsPerEdge: number;
  readonly addressesPerEdge: number;
  readonly labelSetsPerWorkload: number;
  readonly pendingRows: number;
}

export const DEFAULT_LIMITS: Limits = {
  edges: 50_000,
  edgesPerNamespace: 20_000,
  edgesPerWorkload: 2_000,
  outsideAddresses: 10_000,
  portsPerPair: 64,
  pathsPerService: 200,
  podsPerEdge: 64,
  addressesPerEdge: 256,
  labelSetsPerWorkload: 32,
  pendingRows: 500_000,
};
