import type { Outcome } from '../../src/model/flow.ts';
import type { Line } from './line.ts';

/** What came of a request or connection, by Envoy's response flags, code and details. */

const VIA_UPSTREAM = Buffer.from('via_upstream');
const RBAC = Buffer.from('rbac_access_denied');
/** `delayed_connect_error:_111` and its like: the server's host said no, at once. */
const REFUSED = [Buffer.from('_111'), Buffer.from('refused'), Buffer.from('Refused')];
const TIMEOUT = [Buffer.from('timeout'), Buffer.from('Timeout'), Buffer.from('timed_out')];

/** The mesh said no before any server was asked. */
const DENIED_FLAGS: ReadonlySet<string> = new Set(['UAEX']);
/** No server was reached. */
const UNREACHED_FLAGS: ReadonlySet<string> = new Set(['NR', 'NC', 'UH', 'UF', 'URX', 'UO', 'NFCF', 'DF', 'LH', 'RL', 'RLSE', 'OM', 'DO', 'UDO', 'DPE', 'IH', 'FI', 'RFCF']);
/** Flags of a server that was reached and then failed, or of a client that left. */
const BROKEN_FLAGS: ReadonlySet<string> = new Set(['UC', 'UR', 'LR', 'UT', 'UPE', 'UMSDR', 'SI', 'DC', 'DT', 'DR']);

/** `%RESPONSE_FLAGS_LONG%` in the words of `%RESPONSE_FLAGS%`. */
const LONG_FLAGS: ReadonlyMap<string, string> = new Map([
  ['FailedLocalHealthCheck', 'LH'],
  ['NoHealthyUpstream', 'UH'],
  ['UpstreamRequestTimeout', 'UT'],
  ['LocalReset', 'LR'],
  ['UpstreamRemoteReset', 'UR'],
  ['UpstreamConnectionFailure', 'UF'],
  ['UpstreamConnectionTermination', 'UC'],
  ['UpstreamOverflow', 'UO'],
  ['NoRouteFound', 'NR'],
  ['FaultInjected', 'FI'],
  ['RateLimited', 'RL'],
  ['UnauthorizedExternalService', 'UAEX'],
  ['RateLimitServiceError', 'RLSE'],
  ['InvalidEnvoyRequestHeaders', 'IH'],
  ['StreamIdleTimeout', 'SI'],
  ['DownstreamConnectionTermination', 'DC'],
  ['DownstreamRemoteReset', 'DR'],
  ['DownstreamProtocolError', 'DPE'],
  ['UpstreamProtocolError', 'UPE'],
  ['UpstreamMaxStreamDurationReached', 'UMSDR'],
  ['UpstreamRetryLimitExceeded', 'URX'],
  ['ResponseFromCacheFilter', 'RFCF'],
  ['NoFilterConfigFound', 'NFCF'],
  ['DurationTimeout', 'DT'],
  ['NoClusterFound', 'NC'],
  ['OverloadManagerTerminated', 'OM'],
  ['OverloadManager', 'OM'],
  ['DnsResolutionFailed', 'DF'],
  ['DropOverload', 'DO'],
  ['UnconditionalDropOverload', 'UDO'],
]);

export interface Result {
  readonly outcome: Outcome;
  /** Stopped by a policy of the mesh. */
  readonly denied: boolean;
}

const DENIED: Result = { outcome: 'rejected', denied: true };
const ESTABLISHED: Result = { outcome: 'established', denied: false };
const REFUSED_RESULT: Result = { outcome: 'refused', denied: false };
const UNANSWERED: Result = { outcome: 'unanswered', denied: false };

/** Flags come again and again: each text is split once. */
const flagSets = new Map<string, ReadonlySet<string>>();

function flagsOf(line: Line): ReadonlySet<string> {
  if (!line.has('flags')) return NO_FLAGS;
  const text = line.text('flags');
  let flags = flagSets.get(text);
  if (flags === undefined) {
    flags = new Set(text.split(',').map((flag) => LONG_FLAGS.get(flag) ?? flag));
    if (flagSets.size < 1_000) flagSets.set(text, flags);
  }
  return flags;
}

const NO_FLAGS: ReadonlySet<string> = new Set();

/** `hasMethod` and `lacksServer` are told apart from the line where it is not whole. */
export function resultOf(line: Line, hasMethod: boolean = line.has('method'), lacksServer: boolean = line.lacks('upstreamHost')): Result {
  if (line.isDoubtful) return UNANSWERED;
  if (line.startsWith('details', RBAC) || line.startsWith('termination', RBAC)) return DENIED;
  const flags = flagsOf(line);
  const has = (known: ReadonlySet<string>): boolean => [...flags].some((flag) => known.has(flag));
  if (flags.size > 0) {
    if (has(DENIED_FLAGS)) return DENIED;
    if (has(UNREACHED_FLAGS)) return isRefusal(line, flags) ? REFUSED_RESULT : UNANSWERED;
  }
  const code = line.integer('code') ?? 0;
  // No server was chosen: the answer, if there is one, is the proxy's own.
  if (lacksServer) return code === 403 && !line.has('details') ? DENIED : UNANSWERED;
  const isHttp = hasMethod || code > 0;
  const broken = flags.size > 0 && has(BROKEN_FLAGS);
  // A TCP proxy logs at the end: without one of the flags above the server had accepted.
  if (!isHttp) return ESTABLISHED;
  if (code > 0 && line.startsWith('details', VIA_UPSTREAM)) return ESTABLISHED;
  if (line.has('details') || broken) return flags.has('UC') || flags.has('UR') || flags.has('LR') ? REFUSED_RESULT : UNANSWERED;
  return code > 0 ? ESTABLISHED : UNANSWERED;
}

function isRefusal(line: Line, flags: ReadonlySet<string>): boolean {
  if (!flags.has('UF') && !flags.has('URX')) return false;
  const mentions = (pieces: readonly Buffer[]): boolean => pieces.some((piece) => line.holds('failure', piece) || line.holds('details', piece) || line.holds('termination', piece));
  return mentions(REFUSED) || !mentions(TIMEOUT);
}
