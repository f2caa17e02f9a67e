/** What a line of Istio's access log means, for yardsticks that have read its values: text or null. */
import { readFileSync } from 'node:fs';

const [ESTABLISHED, REFUSED, UNANSWERED, REJECTED] = [['opened', 'answered'], ['opened', 'refused'], ['failed'], ['denied']];
const UNREACHED = new Set(['UF,URX', 'UH', 'NR']);
const DENIED = 'rbac_access_denied';

function countersOf({ method, code, flags, details, termination, failure, host }) {
  if (details?.startsWith(DENIED) === true || termination?.startsWith(DENIED) === true) return REJECTED;
  if (UNREACHED.has(flags)) {
    const reasons = `${details} ${termination} ${failure}`;
    return flags === 'UF,URX' && (reasons.includes('_111') || reasons.includes('refused') || !reasons.includes('timeout')) ? REFUSED : UNANSWERED;
  }
  if (host === null) return UNANSWERED;
  if (method === null && code === 0) return ESTABLISHED;
  if (code > 0 && details?.startsWith('via_upstream') === true) return ESTABLISHED;
  return flags === 'UC' ? REFUSED : UNANSWERED;
}

/** Whose each address is, from what the generator wrote beside the inventory. */
export function readAddresses(path) {
  const names = new Map();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const comma = line.indexOf(',');
    names.set(line.slice(0, comma), line.slice(comma + 1));
  }
  return names;
}

const addressOf = (text) => text.slice(0, text.indexOf(':'));
const portOf = (text) => text.slice(text.indexOf(':') + 1);

/** Adds a line's edges: of a server's proxy one, of a client's one, of a gateway's both its sides. */
export function addRequest(edges, names, line) {
  const { cluster, own, local, remote, host, received, sent } = line;
  const time = Date.parse(line.time);
  const add = (source, destination, port, side, point, counters) => {
    const [from, to] = [addressOf(source), addressOf(destination)];
    edges.add(`${names.get(from) ?? from}\t${names.get(to) ?? to}\tTCP\t${port}\t${side}\t${point}`, counters, time, received, sent);
  };
  const counters = countersOf(line);
  if (cluster?.startsWith('inbound|') === true) {
    add(remote, local, portOf(local), 'destination', 'inbound', counters);
    return;
  }
  const isGateway = own !== null && addressOf(own) === addressOf(local) && addressOf(remote) !== addressOf(local);
  if (isGateway) add(remote, local, portOf(local), 'destination', 'gateway', ESTABLISHED);
  if (host === null) return;
  const isCaptured = addressOf(local) === addressOf(host) || (cluster?.startsWith('outbound|') === true && cluster.split('|', 2)[1] === portOf(local));
  const client = own ?? (isCaptured ? remote : null);
  if (client !== null) add(client, host, portOf(host), 'source', 'outbound', counters);
}
