import { canonicalAddress } from '../../src/model/address.ts';
import { hasPorts, SKIP_REASONS, type Endpoint, type Flow, type Protocol } from '../../src/model/flow.ts';
import { isClusterName, isKind, isLabelKey, isLabelName, isLabelValue, isSubdomain } from '../../src/model/names.ts';
import { parseSpiffe, PLAINTEXT } from '../../src/model/principal.ts';
import type { Call } from './account.ts';

/** What is wrong with the answers of a decoder, as sentences: none for a good one. */
export function faultsOf(calls: readonly Call[]): readonly string[] {
  const answers = calls.map(({ call }) => call).filter((call) => call !== 'lost');
  const [first, ...more] = answers;
  const isOnce = first === 'flow' ? more.every((call) => call === 'also') : first === 'skip' && more.length === 0;
  return [...(isOnce ? [] : [`the record was answered by ${answers.join(', ') || 'nothing'}`]), ...calls.flatMap(faultsOfCall)];
}

function faultsOfCall(call: Call): readonly string[] {
  switch (call.call) {
    case 'flow':
    case 'also':
      return faultsOfFlow(call.flow);
    case 'skip':
      return faults({ reason: SKIP_REASONS.includes(call.reason), time: call.time === null || isTime(call.time), node: CLEAN.test(call.node) }, call);
    case 'lost':
      return faults({ events: isCount(call.events), time: call.time === null || isTime(call.time), node: CLEAN.test(call.node) }, call);
  }
}

/** Neither C0 nor C1, nor what turns text round or ends lines elsewhere. */
const CLEAN = /^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/;
/** Neither a query nor a fragment, nor anything that could act. */
const PATH = /^(\*|\/[\x21\x22\x24-\x3e\x40-\x7e]{0,250})$/;
const PROTOCOLS: ReadonlySet<Protocol> = new Set(['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6']);

const isTime = (time: number): boolean => Number.isSafeInteger(time) && !Number.isNaN(new Date(time).getTime());
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

function faults(checks: Readonly<Record<string, boolean>>, told: unknown): readonly string[] {
  return Object.entries(checks).flatMap(([what, fine]) => (fine ? [] : [`bad ${what} in ${JSON.stringify(told)}`]));
}

/** A flow that no reader has to doubt: everything in it is of a closed list, a grammar or a range. */
function faultsOfFlow(flow: Flow): readonly string[] {
  const { protocol, port, operation, witness } = flow;
  const own = faults(
    {
      time: isTime(flow.time),
      protocol: PROTOCOLS.has(protocol),
      port: Number.isInteger(port) && port <= 65_535 && (hasPorts(protocol) ? port > 0 : port === 0),
      phase: ['open', 'ongoing', 'answer', 'lost-answer'].includes(flow.phase),
      verdict: ['forwarded', 'dropped', 'audited'].includes(flow.verdict),
      outcome: ['established', 'refused', 'unanswered', 'rejected', 'unknown'].includes(flow.outcome),
      'success of a drop': !(flow.verdict === 'dropped' && flow.outcome === 'established'),
      count: isCount(flow.count) && flow.count > 0,
      bytes: [flow.bytesOut, flow.bytesIn].every((bytes) => bytes === null || isCount(bytes)),
      side: ['source', 'destination', 'unknown'].includes(witness.side),
      point: /^[a-z0-9-]{1,32}$/.test(witness.point),
      method: operation === null || /^[A-Z][A-Z-]{0,15}$/.test(operation.method),
      path: operation === null || PATH.test(operation.path),
      node: CLEAN.test(flow.node),
    },
    flow,
  );
  return [...own, ...[flow.source, flow.destination].flatMap(faultsOfEnd)];
}

/** The end can be found by something, and no name in it breaks the grammar of its kind. */
function faultsOfEnd(end: Endpoint): readonly string[] {
  const { address, cluster, namespace, pod, workload, labels, serviceAccount, principal, reserved, names } = end;
  return faults(
    {
      end: [address, pod, workload, labels, serviceAccount, reserved].some((value) => value !== null),
      address: address === null || canonicalAddress(address) === address,
      cluster: cluster === '' || isClusterName(cluster),
      namespace: namespace === null || isLabelName(namespace),
      pod: pod === null || isSubdomain(pod),
      workload: workload === null || (isKind(workload.kind) && isSubdomain(workload.name)),
      account: serviceAccount === null || isSubdomain(serviceAccount),
      principal: principal === null || principal === PLAINTEXT || parseSpiffe(`spiffe://${principal}`) !== null,
      labels: [...(labels ?? [])].every(([key, value]) => isLabelKey(key) && isLabelValue(value)),
      names: names.every((name) => isSubdomain(name)),
    },
    end,
  );
}
