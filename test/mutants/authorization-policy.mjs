/** Deliberate mistakes in the evaluator of Istio's AuthorizationPolicy; see network-policy.mjs for what the parts are. */
const [ATTACH, ATTRIBUTES, CONDITION, EVALUATE, IDENTITY, MESH_WORLD, PATH, RULE, TEXT_MATCH] = ['attach', 'attributes', 'condition', 'evaluate', 'identity', 'mesh-world', 'path', 'rule', 'text-match'].map((name) => `src/policy/istio/${name}.ts`);

/** Tests that must notice them. */
export const TESTS = ['cases', 'identity', 'path', 'text-match'].map((name) => `test/policy/istio/${name}.test.ts`);

export const MUTANTS = [
  { what: 'ALLOW overrides DENY', file: EVALUATE, find: 'if (denying !== null) return answer(false', replace: "if (denying !== null && firstMatch(enforced, 'ALLOW', seen) === null) return answer(false" },
  { what: 'a policy that only denies closes the workload', file: EVALUATE, find: 'if (allowing.length > 0 && admitting === null)', replace: 'if (admitting === null && enforced.length > 0)' },
  { what: 'a dry run is enforced', file: EVALUATE, find: 'return !isDryRun(policy) && (plane', replace: 'return (plane' },
  { what: 'policies of the root namespace hold nowhere else', file: EVALUATE, find: '[rootNamespace, proxy.workload.namespace,', replace: '[proxy.workload.namespace,' },
  { what: 'ztunnel enforces CUSTOM', file: EVALUATE, find: "(plane !== 'ztunnel' || action === 'ALLOW' || action === 'DENY')", replace: 'true' },
  { what: 'ALLOW with HTTP fields on TCP loses them', file: RULE, find: "if (unseen.length > 0 && action === 'ALLOW') return { clauses: null, unseen };", replace: '' },
  { what: 'DENY with HTTP fields never matches TCP', file: RULE, find: "action === 'ALLOW') return", replace: 'true) return' },
  { what: 'an alternative without anything matches everything at ztunnel', file: RULE, find: '.filter((conditions) => !isZtunnel || conditions.length > 0)', replace: '' },
  { what: 'fields of a source are alternatives', file: RULE, find: 'alternatives.some((conditions) => conditions.every(', replace: 'alternatives.some((conditions) => conditions.some(' },
  { what: 'ztunnel knows the condition source.serviceAccount', file: RULE, find: "(isField && known?.ztunnel === 'field')", replace: "known?.ztunnel === 'field'" },
  { what: 'what a request lacks matches', file: CONDITION, find: 'value !== null && tests.some', replace: 'value === null || tests.some' },
  { what: 'the not… fields are not read', file: CONDITION, find: '&& !isAny(unwanted, value)', replace: '' },
  { what: 'hosts are compared with their case', file: CONDITION, find: "const test = headerTest(value.toLowerCase());\n  return (host) => test(host.toLowerCase());", replace: 'return headerTest(value);' },
  { what: 'ztunnel knows aliases of the trust domain', file: CONDITION, find: 'principalTest(isZtunnel ? [] : trustDomains)', replace: 'principalTest(trustDomains)' },
  { what: 'an empty header is absent', file: CONDITION, find: '? () => true : textTest(value)', replace: '? textTest(value) : textTest(value)' },
  { what: '* matches nothing too', file: TEXT_MATCH, find: "if (value === '*') return (text) => text !== '';", replace: '' },
  { what: 'the query is part of the path', file: PATH, find: "path.replace(/[?#].*$/s, '')", replace: 'path' },
  { what: '{**} needs no slash before what follows', file: PATH, find: 'if (any < 0 ? middle !== 0 : middle < 1) return false;', replace: 'if (any < 0 ? middle !== 0 : middle < 0) return false;' },
  { what: '{*} may be an empty segment', file: PATH, find: "segment !== '' && SEGMENT", replace: 'SEGMENT' },
  { what: '.. stays in a path', file: PATH, find: "if (segment === '..') kept.pop();", replace: '' },
  { what: 'a backslash stays in a path', file: PATH, find: ".replaceAll('\\\\', '/')", replace: '' },
  { what: 'aliases replace every trust domain', file: IDENTITY, find: 'if (!isOurs) return [value];', replace: '' },
  { what: 'cluster.local does not stand for the trust domain', file: IDENTITY, find: 'domain === LOCAL || ', replace: '' },
  { what: 'a service account without namespace is of default', file: IDENTITY, find: '[ownNamespace, value]', replace: "['default', value]" },
  { what: 'a waypoint obeys policies without targets', file: ATTACH, find: "return plane !== 'waypoint' && [", replace: 'return [' },
  { what: 'a GatewayClass is targeted from any namespace', file: ATTACH, find: 'namespace === rootNamespace && name === WAYPOINT_CLASS', replace: 'name === WAYPOINT_CLASS' },
  { what: 'a Gateway is targeted from any namespace', file: ATTACH, find: 'gateway.namespace === namespace && ', replace: '' },
  { what: 'a Service is targeted from any namespace', file: ATTACH, find: 'service.namespace === namespace && ', replace: '' },
  { what: 'an empty selector selects everything at ztunnel, too', file: ATTACH, find: "? plane !== 'ztunnel' :", replace: '? true :' },
  { what: 'the older targetRef is not read', file: ATTACH, find: 'return targetRefs.length > 0 || targetRef === undefined ? targetRefs : [targetRef];', replace: 'return targetRefs;' },
  { what: 'the host of a request does not tell its Service', file: MESH_WORLD, find: 'const meant = named.length > 0 ? named : through;', replace: 'const meant = through;' },
  { what: 'a pod’s own port comes before a Service’s', file: MESH_WORLD, find: 'const through = asked.length > 0 ? asked : services', replace: 'const through = services' },
  { what: 'a headless Service is reached through its own address', file: MESH_WORLD, find: "return name === 'none' ? null : {", replace: 'return {' },
  { what: 'who is behind a Service is not told by its address', file: MESH_WORLD, find: 'addresses.length > 0 ? addresses : workload.addresses', replace: 'workload.addresses' },
  { what: 'the remote address is known of HTTP only', file: ATTRIBUTES, find: "['remote.ip', { values: 'address', layer: 4, ztunnel: false }]", replace: "['remote.ip', { values: 'address', layer: 7, ztunnel: false }]" },
  { what: 'the server name is known of HTTP only', file: ATTRIBUTES, find: "['connection.sni', { values: 'text', layer: 4,", replace: "['connection.sni', { values: 'text', layer: 7," },
];
