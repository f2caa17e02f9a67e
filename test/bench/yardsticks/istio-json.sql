-- Istio's JSON lines; the proxy's own lines between them are none.
CREATE VIEW lines AS
SELECT start_time AS time, method IS NULL AS is_tcp, response_code AS code, response_flags AS flags, coalesce(response_code_details, '-') AS details,
  coalesce(connection_termination_details, '-') AS termination, coalesce(upstream_transport_failure_reason, '-') AS failure, bytes_received AS received, bytes_sent AS sent,
  upstream_host AS host, upstream_cluster AS cluster, upstream_local_address AS own, downstream_local_address AS local, downstream_remote_address AS remote
FROM read_json($log, format = 'newline_delimited', ignore_errors = true, columns = {
  start_time: 'TIMESTAMP', method: 'VARCHAR', response_code: 'INTEGER', response_flags: 'VARCHAR', response_code_details: 'VARCHAR',
  connection_termination_details: 'VARCHAR', upstream_transport_failure_reason: 'VARCHAR', bytes_received: 'BIGINT', bytes_sent: 'BIGINT',
  upstream_host: 'VARCHAR', upstream_cluster: 'VARCHAR', upstream_local_address: 'VARCHAR', downstream_local_address: 'VARCHAR', downstream_remote_address: 'VARCHAR'
})
WHERE start_time IS NOT NULL;
