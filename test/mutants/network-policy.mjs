/**
 * Deliberate mistakes in the evaluator: a file, a text that it holds once, what stands there instead, and what that gets wrong. Each must make a test fail; `npm run mutants` sees to it. Whoever
 * rewrites a line that is named here names its successor.
 */
const [COMPILE, EVALUATE, LANE, INDEX, END, SELECTOR, ADDRESS] = ['policy/evaluate/compile', 'policy/evaluate/evaluate', 'policy/evaluate/lane', 'policy/evaluate/peer-index', 'policy/evaluate/end', 'model/selector', 'model/address'].map((name) => `src/${name}.ts`);

/** Tests that must notice them. */
export const TESTS = ['evaluate', 'evaluate-corners', 'evaluate-ports', 'evaluate-admin'].map((name) => `test/policy/evaluate/${name}.test.ts`);

export const MUTANTS = [
  // Ports
  { what: 'endPort is ignored', file: COMPILE, find: 'last: endPort ?? port };', replace: 'last: port };' },
  { what: 'endPort itself is left out', file: COMPILE, find: 'last: endPort ?? port };', replace: 'last: endPort === undefined ? port : endPort - 1 };' },
  { what: 'the first port of a range is left out', file: COMPILE, find: 'first: port,', replace: 'first: endPort === undefined ? port : port + 1,' },
  { what: 'SCTP counts as TCP', file: COMPILE, find: 'matcher.protocol !== protocol) continue;', replace: "matcher.protocol !== (protocol === 'SCTP' ? 'TCP' : protocol)) continue;" },
  { what: 'a port without protocol is of any', file: COMPILE, find: "function portMatcher({ protocol = 'TCP',", replace: 'function portMatcher({ protocol = null,' },
  { what: 'a protocol without port opens none', file: COMPILE, find: 'first: 0, last: 65_535 }', replace: 'first: 0, last: 0 }' },
  { what: 'an empty list of ports opens none', file: COMPILE, find: 'ports: ports.length === 0 ? null : ports.map(portMatcher)', replace: 'ports: ports.map(portMatcher)' },
  { what: 'a named port has any protocol', file: COMPILE, find: 'own.name === matcher.name && own.protocol === protocol &&', replace: 'own.name === matcher.name &&' },
  { what: 'a named port has any number', file: COMPILE, find: '&& own.port === port) return true;', replace: ') return true;' },
  { what: 'a named port is looked up on the source', file: EVALUATE, find: 'verdictOf(from.lanes.egress, to.matches, destination,', replace: 'verdictOf(from.lanes.egress, to.matches, source,' },

  // Which pods, which directions
  { what: 'missing types mean the directions with rules', file: COMPILE, find: "type === 'Ingress' || (spec.egress ?? []).length > 0)", replace: "((type === 'Ingress' ? spec.ingress : spec.egress) ?? []).length > 0)" },
  { what: 'an empty list of egress rules closes egress', file: COMPILE, find: '(spec.egress ?? []).length > 0);', replace: 'spec.egress !== undefined);' },
  { what: 'an egress-only policy leaves ingress open', file: COMPILE, find: "type === 'Ingress' || (spec.egress ?? []).length > 0)", replace: "(type === 'Egress') === (spec.egress ?? []).length > 0)" },
  { what: 'rules of an unlisted direction are read', file: COMPILE, find: 'types.includes(type) :', replace: "types.includes(type) || (type === 'Egress' && (spec.egress ?? []).length > 0) :" },
  { what: 'policies of other namespaces select the pod', file: EVALUATE, find: 'selecting(this.#network.get(namespace) ?? [])', replace: 'selecting([...this.#network.values()].flat())' },
  { what: 'every pod of the namespace is selected', file: COMPILE, find: 'selects: (labels) => selectorMatches(spec.podSelector, labels)', replace: 'selects: () => true' },
  { what: 'the first policy decides instead of all', file: LANE, find: 'own.flatMap(({ rules }) => rules[direction] ?? [])', replace: 'own.slice(0, 1).flatMap(({ rules }) => rules[direction] ?? [])' },
  { what: 'the source’s policies are not asked', file: EVALUATE, find: 'const out = from.lanes === null ?', replace: 'const out = from.lanes !== undefined ?' },
  { what: 'the destination’s policies are not asked', file: EVALUATE, find: 'const into = to.lanes === null ?', replace: 'const into = to.lanes !== undefined ?' },
  { what: 'a pod that no rule admits to is open', file: LANE, find: 'doubts) ?? closed;', replace: 'doubts) ?? open;' },

  // Peers
  { what: 'an empty list of peers is nobody', file: COMPILE, find: 'peers: peers.length === 0 ? null : peers.map((peer) =>', replace: 'peers: peers.map((peer) =>' },
  { what: 'a lone podSelector is of every namespace', file: COMPILE, find: 'namespace: namespaceSelector ?? namespace,', replace: 'namespace: namespaceSelector ?? {},' },
  { what: 'both selectors in one peer are alternatives', file: INDEX, find: '(namespaces === null || selectorMatches(namespaces, labels)) && selectorMatches(pods, pod.labels)', replace: '(namespaces !== null && selectorMatches(namespaces, labels)) || selectorMatches(pods, pod.labels)' },
  { what: 'a podSelector beside a namespaceSelector is not read', file: COMPILE, find: 'pods: podSelector ?? {} };', replace: 'pods: namespaceSelector === undefined ? (podSelector ?? {}) : {} };' },
  { what: 'an empty podSelector lets the outside in', file: INDEX, find: '      for (const peer of this.#domainNames) set(peer, UNKNOWN);', replace: '      for (const own of this.#pods.values()) for (const { peer, pods } of own) if (Object.keys(pods).length === 0) set(peer, YES);' },
  { what: 'a namespace that nobody described has no name', file: END, find: '?? new Map([[NAMESPACE_NAME, name]])', replace: '?? new Map()' },
  { what: 'NotIn needs the key', file: SELECTOR, find: 'if (value !== undefined && values.includes(value)) return false;', replace: 'if (value === undefined || values.includes(value)) return false;' },
  { what: 'In holds where the key is absent', file: SELECTOR, find: 'if (value === undefined || !values.includes(value)) return false;', replace: 'if (value !== undefined && !values.includes(value)) return false;' },
  { what: 'DoesNotExist is Exists', file: SELECTOR, find: "case 'DoesNotExist':\n        if (value !== undefined) return false;", replace: "case 'DoesNotExist':\n        if (value === undefined) return false;" },
  { what: 'an empty value is the absence of the label', file: SELECTOR, find: 'if (labels.get(key) !== value) return false;', replace: "if ((labels.get(key) ?? '') !== value) return false;" },
  { what: 'expressions are alternatives to labels', file: SELECTOR, find: 'for (const { key, operator, values = [] } of selector.matchExpressions ?? [])', replace: 'for (const { key, operator, values = [] } of selector.matchLabels === undefined ? (selector.matchExpressions ?? []) : [])' },

  // Ranges
  { what: 'except is ignored', file: INDEX, find: 'holes: except.map(parseCidr).filter((hole): hole is Cidr => hole !== null)', replace: 'holes: [] as Cidr[]' },
  { what: 'except closes what other peers open', file: INDEX, find: '{ family, value, text }))) found(block);', replace: '{ family, value, text }))) found(block); else return;' },
  { what: 'IPv6 is in 0.0.0.0/0', file: INDEX, find: 'of this.#blocks[family]) {', replace: 'of [...this.#blocks[family], ...[...this.#blocks[4]].filter(([bits]) => family === 6 && bits === 0)]) {' },
  { what: 'host bits of a range count', file: ADDRESS, find: 'const base = (value >> host) << host;', replace: 'const base = value;' },
  { what: 'an ipBlock never holds a pod', file: INDEX, find: 'for (const address of pod.addresses) this.#matchAddress', replace: 'for (const address of pod.addresses.slice(0, 0)) this.#matchAddress' },
  { what: 'only a pod’s first address counts', file: INDEX, find: 'for (const address of pod.addresses) this.#matchAddress', replace: 'for (const address of pod.addresses.slice(0, 1)) this.#matchAddress' },
  { what: 'an ipBlock on a pod’s address comes without a warning', file: LANE, find: 'return byAddress.byAddress;', replace: 'return byAddress.verdict;' },

  // What policies do not touch, and what is not defined
  { what: 'a pod can be cut off from itself', file: EVALUATE, find: 'return this.#know(source).undefined ?? ITSELF;', replace: 'return this.judgeBetween(source, destination, port, protocol);' },
  { what: 'a pod can be cut off from its node', file: EVALUATE, find: 'destination.hostAddresses.includes(source.address.text)', replace: 'false' },
  { what: 'every address is the pod’s node', file: EVALUATE, find: 'destination.hostAddresses.includes(source.address.text)', replace: 'true' },
  { what: 'policies hold for the host’s network', file: EVALUATE, find: 'if (!hostNetwork && !completed) return null;', replace: 'if (!completed) return null;' },
  { what: 'a completed pod is asked about', file: EVALUATE, find: 'if (!hostNetwork && !completed) return null;', replace: 'if (!hostNetwork) return null;' },

  // The administrator's tiers
  { what: 'Pass allows', file: LANE, find: "found.action === 'Pass' ? null : found.verdict", replace: "found.action === 'Pass' ? { ...found.verdict, allowed: true } : found.verdict" },
  { what: 'Pass goes on in its own tier', file: LANE, find: 'if (found !== null) return found.action', replace: "if (found !== null && found.action !== 'Pass') return found.action" },
  { what: 'the Baseline tier is asked before NetworkPolicies', file: LANE, find: 'if (before !== null) return before;', replace: 'if (before !== null) return before;\n  const early = first(baseline, other, destination, port, protocol, doubts);\n  if (early !== null) return early;' },
  { what: 'the Baseline tier decides where NetworkPolicies do not admit', file: LANE, find: 'doubts) ?? closed;', replace: 'doubts) ?? first(baseline, other, destination, port, protocol, doubts) ?? closed;' },
  { what: 'the Admin tier is asked after NetworkPolicies', file: LANE, find: 'if (before !== null) return before;', replace: 'if (before !== null && network === null) return before;' },
  { what: 'the highest priority is asked first', file: EVALUATE, find: 'a.priority - b.priority ||', replace: 'b.priority - a.priority ||' },
  { what: 'rules after the first that matches count too', file: LANE, find: '          found ??= rule;\n          break;', replace: '          found ??= rule;' },
  { what: 'of two policies of one priority the first by name wins', file: LANE, find: 'if (found !== null && found.action !== rule.action) return undecided(found, rule);', replace: '' },
  { what: 'a subject’s podSelector is not read', file: COMPILE, find: 'selectorMatches(namespaceSelector, ofNamespace) && selectorMatches(podSelector, labels)', replace: 'selectorMatches(namespaceSelector, ofNamespace)' },
  { what: 'a subject’s namespaceSelector is not read', file: COMPILE, find: 'selectorMatches(namespaceSelector, ofNamespace) && selectorMatches(podSelector, labels)', replace: 'selectorMatches(podSelector, labels)' },
  { what: 'networks do not hold pods', file: INDEX, find: "peer.type === 'network' ? YES : BY_ADDRESS", replace: "peer.type === 'network' ? NO : BY_ADDRESS" },
  { what: 'a node’s labels are not read', file: INDEX, find: 'this.#nodes.filter(({ labels }) => selectorMatches(peer.selector, labels))', replace: 'this.#nodes' },
  { what: 'a domain name is every address', file: INDEX, find: 'for (const peer of this.#domainNames) set(peer, UNKNOWN);', replace: 'for (const peer of this.#domainNames) set(peer, YES);' },
  { what: 'an administrator’s named port is TCP', file: COMPILE, find: '{ name: port.name, protocol: null }', replace: "{ name: port.name, protocol: 'TCP' }" },
  { what: 'what is passed on before makes NetworkPolicies moot', file: EVALUATE, find: "isTotal || action === 'Pass')", replace: 'isTotal && action !== null)' },
];
