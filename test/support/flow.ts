import type { Endpoint, Flow } from '../../src/model/flow.ts';
import { sortedLabels } from '../../src/model/labels.ts';
import { witness } from './evidence.ts';
import { T0 } from './hubble.ts';

/** What a record says of one side, in few words: what is not said is not known. */
export function endpoint(
  parts: Partial<Omit<Endpoint, 'labels' | 'workload'>> & {
    readonly labels?: Readonly<Record<string, string>>;
    readonly workload?: readonly [kind: string, name: string];
  },
): Endpoint {
  const { labels, workload, ...rest } = parts;
  return {
    address: null,
    cluster: '',
    namespace: null,
    pod: null,
    serviceAccount: null,
    principal: null,
    reserved: null,
    names: [],
    labels: labels === undefined ? null : sortedLabels(Object.entries(labels)),
    workload: workload === undefined ? null : { kind: workload[0], name: workload[1] },
    ...rest,
  };
}

/** One object for one witness, as collectors hand it on. */
export const AT_SERVER = witness('destination');
export const AT_CLIENT = witness('source');

/** A first packet on its way to the server, unless it is said otherwise. */
export function flow(parts: Partial<Flow> = {}): Flow {
  return {
    time: T0,
    until: parts.time ?? T0,
    records: 1,
    slots: 0,
    source: endpoint({ namespace: 'shop', pod: 'web-6b746f74dc-9rcxx', address: '10.0.0.11' }),
    destination: endpoint({ namespace: 'shop', pod: 'cart-0', address: '10.0.0.12' }),
    protocol: 'TCP',
    port: 8080,
    phase: 'open',
    verdict: 'forwarded',
    outcome: 'unknown',
    count: 1,
    bytesOut: null,
    bytesIn: null,
    witness: AT_SERVER,
    operation: null,
    node: '',
    ...parts,
  };
}
