import { blankFlow, type Endpoint, type Flow, type Side, type SkipReason, type Witness } from '../../src/model/flow.ts';
import { isClusterName } from '../../src/model/names.ts';
import { performed } from '../../src/scan/operation.ts';
import type { FlowFacts } from './facts.ts';
import { isAnswer, isLocalNode, isLostAnswer, outcomeOf, phaseOf, pointName, sideOf } from './meaning.ts';

/** Makes a flow from the facts of a record and its two ends. */
export class Orienter {
  readonly #witnesses = new Map<Side, Map<string, Witness>>();
  readonly flow = blankFlow('hubble');

  /** Fills in all of the flow but its times, its node and its operation, or says why there is none. */
  orient(facts: FlowFacts, source: Endpoint, destination: Endpoint): SkipReason | null {
    const { flow } = this;
    if (!isPlaced(source) || !isPlaced(destination)) return 'incomplete';
    if (source.reserved === 'health' || destination.reserved === 'health') return 'health';
    const answer = isAnswer(facts);
    if (answer === null) return 'unoriented';
    const lost = isLostAnswer(facts, answer);
    const backwards = answer || lost;
    flow.source = backwards ? destination : source;
    flow.destination = backwards ? source : destination;
    flow.protocol = facts.protocol;
    flow.port = backwards ? facts.sourcePort : facts.destinationPort;
    if (flow.port === 0 && facts.protocol !== 'ICMP' && facts.protocol !== 'ICMPv6') return 'no-port';
    if (flow.source.reserved === 'host' && isLocalNode(facts, backwards)) return 'local-node';
    flow.witness = this.#witness(sideOf(facts, backwards), pointName(facts));
    flow.phase = lost ? 'lost-answer' : answer ? 'answer' : phaseOf(facts);
    flow.verdict = facts.verdict;
    flow.outcome = outcomeOf(facts, answer);
    flow.count = facts.count;
    flow.operation = null;
    return null;
  }

  #witness(side: Side, point: string): Witness {
    let ofSide = this.#witnesses.get(side);
    if (ofSide === undefined) this.#witnesses.set(side, (ofSide = new Map()));
    let witness = ofSide.get(point);
    if (witness === undefined) ofSide.set(point, (witness = { collector: 'hubble', side, point }));
    return witness;
  }
}

/** The record is of an HTTP answer that says that the server did what was asked for. */
export function performs(facts: FlowFacts, { phase }: Flow): boolean {
  return phase === 'answer' && facts.isL7 && facts.httpStatus !== null && performed(facts.httpStatus);
}

/** There is something by which the end can be found. */
function isPlaced(endpoint: Endpoint): boolean {
  return endpoint.address !== null || endpoint.pod !== null || endpoint.workload !== null || endpoint.reserved !== null || endpoint.labels !== null;
}

/** Reads the names of nodes, `node` or `cluster/node`; '' for what cannot be one. Records of one log mostly share it. */
export class NodeReader {
  #word = '';
  #node = '';

  read(word: string): string {
    if (word !== this.#word) {
      this.#word = word;
      const parts = word.split('/');
      this.#node = parts.length <= 2 && parts.every(isClusterName) ? word : '';
    }
    return this.#node;
  }
}
