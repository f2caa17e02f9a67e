import type { Protocol, SkipReason, Verdict } from '../../src/model/flow.ts';
import { ABSENT, FALSE, NULL, OBJECT, STRING, TRUE, type Slots } from '../../src/scan/slots.ts';
import type { WordReader } from '../../src/scan/words.ts';
import { FIELD } from './fields.ts';

/** cilium's `MessageType…` numbers, the `type` of `event_type`. */
const EVENT = { drop: 1, debug: 2, capture: 3, policyVerdict: 5, l7: 129 } as const;

/** What one flow says beside its two ends, in the format's words; overwritten by the next one. */
export class FlowFacts {
  verdict: Verdict = 'forwarded';
  protocol: Protocol = 'TCP';
  sourcePort = 0;
  destinationPort = 0;
  /** `is_reply`, which may be absent; the deprecated `reply` can only say yes. */
  isReply: boolean | null = null;
  syn = false;
  ack = false;
  rst = false;
  hasFlags = false;
  isEchoReply = false;
  isL7 = false;
  l7Type = '';
  /** Where the packet was seen: a trace point (`to-endpoint`), or `l7`, `policy-verdict`, `drop`. */
  point = '';
  direction = '';
  traceReason = '';
  dropReason = '';
  count = 1;
  httpStatus: number | null = null;

  /** Null if the facts are complete, else why the record is no flow. */
  read(b: Buffer, fields: Slots, base: number, words: WordReader): SkipReason | null {
    const { kinds } = fields;
    const verdict = words.read(b, fields, base + FIELD.verdict);
    const type = words.read(b, fields, base + FIELD.Type);
    const event = fields.integer(b, base + FIELD['event_type.type']);
    if (type === 'SOCK' || verdict === 'TRACED' || verdict === 'TRANSLATED') return 'translated';
    if (event === EVENT.debug || event === EVENT.capture) return 'not-a-flow';
    switch (verdict) {
      case 'FORWARDED':
      case 'REDIRECTED': // to the node's own proxy, on the way to the same server
        this.verdict = 'forwarded';
        break;
      case 'DROPPED':
        this.verdict = 'dropped';
        break;
      case 'AUDIT':
        this.verdict = 'audited';
        break;
      case '':
        return isNumberOrSo(kinds[base + FIELD.verdict]!) ? 'malformed' : 'incomplete';
      default:
        return 'not-a-flow';
    }
    const reason = this.#layer4(b, fields, base);
    if (reason !== null) return reason;
    const stated = kinds[base + FIELD.is_reply];
    this.isReply = stated === TRUE ? true : stated === FALSE ? false : kinds[base + FIELD.reply] === TRUE ? true : null;
    this.isL7 = event === EVENT.l7 || type === 'L7';
    this.l7Type = this.isL7 ? words.read(b, fields, base + FIELD['l7.type']) : '';
    this.httpStatus = this.isL7 ? fields.integer(b, base + FIELD['l7.http.code']) : null;
    this.direction = words.read(b, fields, base + FIELD.traffic_direction);
    this.traceReason = words.read(b, fields, base + FIELD.trace_reason);
    this.dropReason = words.read(b, fields, base + FIELD.drop_reason_desc);
    if (this.isL7) this.point = 'l7';
    else if (event === EVENT.policyVerdict) this.point = 'policy-verdict';
    else if (event === EVENT.drop) this.point = 'drop';
    else this.point = words.read(b, fields, base + FIELD.trace_observation_point);
    this.count = 0;
    this.count += fields.integer(b, base + FIELD['aggregate.ingress_flow_count']) ?? 0;
    this.count += fields.integer(b, base + FIELD['aggregate.egress_flow_count']) ?? 0;
    this.count += fields.integer(b, base + FIELD['aggregate.unknown_direction_flow_count']) ?? 0;
    if (this.count < 1 || this.count > 2 ** 32) this.count = 1;
    return null;
  }

  #layer4(b: Buffer, fields: Slots, base: number): SkipReason | null {
    const { kinds } = fields;
    this.syn = this.ack = this.rst = this.hasFlags = this.isEchoReply = false;
    if (kinds[base + FIELD['l4.TCP']] === OBJECT) {
      this.protocol = 'TCP';
      this.hasFlags = kinds[base + FIELD['l4.TCP.flags']] === OBJECT;
      this.syn = kinds[base + FIELD['l4.TCP.flags.SYN']] === TRUE;
      this.ack = kinds[base + FIELD['l4.TCP.flags.ACK']] === TRUE;
      this.rst = kinds[base + FIELD['l4.TCP.flags.RST']] === TRUE;
      return this.#ports(b, fields, base + FIELD['l4.TCP.source_port'], base + FIELD['l4.TCP.destination_port']);
    }
    if (kinds[base + FIELD['l4.UDP']] === OBJECT) {
      this.protocol = 'UDP';
      return this.#ports(b, fields, base + FIELD['l4.UDP.source_port'], base + FIELD['l4.UDP.destination_port']);
    }
    if (kinds[base + FIELD['l4.SCTP']] === OBJECT) {
      this.protocol = 'SCTP';
      return this.#ports(b, fields, base + FIELD['l4.SCTP.source_port'], base + FIELD['l4.SCTP.destination_port']);
    }
    this.sourcePort = this.destinationPort = 0;
    // Echo request and echo reply are a connection of a kind; protojson leaves a type of 0 out.
    if (kinds[base + FIELD['l4.ICMPv4']] === OBJECT) {
      this.protocol = 'ICMP';
      const icmp = fields.integer(b, base + FIELD['l4.ICMPv4.type']) ?? 0;
      this.isEchoReply = icmp === 0;
      return icmp === 8 || icmp === 0 ? null : 'not-a-connection';
    }
    if (kinds[base + FIELD['l4.ICMPv6']] === OBJECT) {
      this.protocol = 'ICMPv6';
      const icmp = fields.integer(b, base + FIELD['l4.ICMPv6.type']) ?? 0;
      this.isEchoReply = icmp === 129;
      return icmp === 128 || icmp === 129 ? null : 'not-a-connection';
    }
    return kinds[base + FIELD['l4.VRRP']] === OBJECT || kinds[base + FIELD['l4.IGMP']] === OBJECT ? 'not-a-connection' : 'no-port';
  }

  #ports(b: Buffer, fields: Slots, source: number, destination: number): SkipReason | null {
    this.sourcePort = portIn(b, fields, source);
    this.destinationPort = portIn(b, fields, destination);
    return this.sourcePort < 0 || this.destinationPort < 0 ? 'malformed' : null;
  }
}

/** A value that is there, and no text: null and an empty text are none in protojson. */
function isNumberOrSo(kind: number): boolean {
  return kind !== ABSENT && kind !== NULL && kind !== STRING;
}

/** 0 if there is none, -1 if what is there is no port. */
function portIn(b: Buffer, fields: Slots, slot: number): number {
  const kind = fields.kinds[slot];
  if (kind === ABSENT || kind === NULL) return 0;
  const port = fields.integer(b, slot);
  return port === null || port > 65_535 ? -1 : port;
}
