-- Istio's lines of text: values between spaces, some of them in quotes.
CREATE VIEW lines AS
SELECT substr(time, 2, 23)::TIMESTAMP AS time, starts_with(request, '- ') AS is_tcp, code, flags, details, termination, failure,
  received, sent, nullif(host, '-') AS host, nullif(cluster, '-') AS cluster, nullif(own, '-') AS own, local, remote
FROM read_csv($log, delim = ' ', quote = '"', escape = '', header = false, auto_detect = false, strict_mode = false, ignore_errors = true, columns = {
  time: 'VARCHAR', request: 'VARCHAR', code: 'INTEGER', flags: 'VARCHAR', details: 'VARCHAR', termination: 'VARCHAR', failure: 'VARCHAR',
  received: 'BIGINT', sent: 'BIGINT', duration: 'VARCHAR', upstream_time: 'VARCHAR', forwarded_for: 'VARCHAR', agent: 'VARCHAR', id: 'VARCHAR', authority: 'VARCHAR',
  host: 'VARCHAR', cluster: 'VARCHAR', own: 'VARCHAR', local: 'VARCHAR', remote: 'VARCHAR', sni: 'VARCHAR', route: 'VARCHAR'
});
