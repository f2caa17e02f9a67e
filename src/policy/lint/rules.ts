import { blockOverPods, blockOverService, wholeWorld } from './blocks.ts';
import { dnsCutOff } from './dns.ts';
import { anyNamespace, namespaceLabel, noPeers, splitPeer } from './peers.ts';
import { anyPort, meshPort, servicePort, unknownPortName } from './ports.ts';
import type { LintRule } from './rule.ts';
import { hostNetwork, impossibleSelector, matchesNothing, revisionLabel, selectsEverything } from './selectors.ts';
import { sameName, shadowedPeer, shadowedRule } from './shadow.ts';
import { closedDirection, missingTypes, rulesNotRead } from './types.ts';

/** Everything that is warned of in a NetworkPolicy that an API server takes. */
export const LINT_RULES: readonly LintRule[] = [
  rulesNotRead,
  missingTypes,
  closedDirection,
  dnsCutOff,
  noPeers,
  splitPeer,
  anyNamespace,
  namespaceLabel,
  selectsEverything,
  matchesNothing,
  impossibleSelector,
  hostNetwork,
  revisionLabel,
  wholeWorld,
  blockOverPods,
  blockOverService,
  servicePort,
  unknownPortName,
  anyPort,
  meshPort,
  shadowedRule,
  shadowedPeer,
  sameName,
];
