/** Yardstick: Istio's JSON lines, each through JSON.parse, folded to edges. `node istio-json-parse.mjs LOG EDGES ADDRESSES` */
import { Edges } from './edges.mjs';
import { addRequest, readAddresses } from './istio.mjs';
import { eachLine } from './lines.mjs';

const [log, out, addresses] = process.argv.slice(2);
const names = readAddresses(addresses);
const edges = new Edges();
eachLine(log, (block, start, end) => {
  // The proxy's own lines are no JSON.
  if (block[start] !== 0x7b) return;
  const line = JSON.parse(block.toString('utf8', start, end));
  addRequest(edges, names, {
    time: line.start_time,
    method: line.method,
    code: line.response_code,
    flags: line.response_flags,
    details: line.response_code_details,
    termination: line.connection_termination_details,
    failure: line.upstream_transport_failure_reason,
    received: line.bytes_received,
    sent: line.bytes_sent,
    host: line.upstream_host,
    cluster: line.upstream_cluster,
    own: line.upstream_local_address,
    local: line.downstream_local_address,
    remote: line.downstream_remote_address,
  });
});
edges.write(out);
