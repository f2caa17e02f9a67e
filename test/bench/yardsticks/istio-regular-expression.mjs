/** Yardstick: Istio's lines of text, each through a regular expression, folded to edges. `node istio-regular-expression.mjs LOG EDGES ADDRESSES` */
import { Edges } from './edges.mjs';
import { addRequest, readAddresses } from './istio.mjs';
import { eachLine } from './lines.mjs';

const LINE = /^\[([^\]]+)\] "(\S+) \S+ \S+" (\d+) (\S+) (\S+) (\S+) "([^"]*)" (\d+) (\d+) \d+ \S+ "[^"]*" "[^"]*" "[^"]*" "[^"]*" "([^"]*)" (\S+) (\S+) (\S+) (\S+) \S+ \S+$/;
const value = (text) => (text === '-' ? null : text);

const [log, out, addresses] = process.argv.slice(2);
const names = readAddresses(addresses);
const edges = new Edges();
eachLine(log, (block, start, end) => {
  const match = LINE.exec(block.latin1Slice(start, end));
  if (match === null) return;
  const [, time, method, code, flags, details, termination, failure, received, sent, host, cluster, own, local, remote] = match;
  addRequest(edges, names, { time, method: value(method), code: Number(code), flags, details: value(details), termination: value(termination), failure: value(failure), received: Number(received), sent: Number(sent), host: value(host), cluster: value(cluster), own: value(own), local, remote });
});
edges.write(out);
