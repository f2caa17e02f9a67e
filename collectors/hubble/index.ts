import type { Collector } from '../../src/collector.ts';
import { JsonFields, OBJECT, STRING } from '../../src/scan/json.ts';
import { HubbleDecoder } from './decode.ts';

const MARKS = new JsonFields([
  ['flow'],
  ['lost_events'],
  ['node_status'],
  ['agent_event'],
  ['debug_event'],
  ['source'],
  ['destination'],
  ['verdict'],
]);

export const hubble: Collector = {
  name: 'hubble',
  description: 'Cilium Hubble: the exporter’s events.log and `hubble observe -o json`, whole lines or bare flows',
  carries: ['direction', 'replies', 'pod names', 'labels', 'policy verdicts', 'lost events', 'HTTP operations (with an L7 policy)', 'DNS names'],
  lacks: ['bytes'],
  detect(bytes, start, end) {
    if (!MARKS.scan(bytes, start, end)) return false;
    const { kinds } = MARKS;
    for (let slot = 0; slot < 5; slot++) if (kinds[slot] === OBJECT) return true;
    return (kinds[5] === OBJECT || kinds[6] === OBJECT) && kinds[7] === STRING;
  },
  decoder: () => new HubbleDecoder(),
};
