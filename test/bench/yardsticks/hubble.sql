-- Hubble's lines, folded to edges. $log, $out: paths.
COPY (
  WITH lines AS (
    SELECT node_name, flow, flow.source AS source, flow.destination AS destination,
      flow.event_type.type AS event,
      coalesce(flow.l4.TCP.source_port, flow.l4.UDP.source_port, 0) AS source_port,
      coalesce(flow.l4.TCP.destination_port, flow.l4.UDP.destination_port, 0) AS destination_port,
      coalesce(flow.l4.TCP.flags.SYN, false) AND NOT coalesce(flow.l4.TCP.flags.ACK, false) AS is_opening,
      flow.verdict = 'DROPPED' AS is_dropped,
      coalesce(flow.is_reply, event = 129 AND flow.l7.type = 'RESPONSE') AS is_answer
    FROM read_json($log, format = 'newline_delimited', columns = {
      node_name: 'VARCHAR',
      flow: 'STRUCT(
        time TIMESTAMP, verdict VARCHAR, is_reply BOOLEAN, drop_reason_desc VARCHAR, traffic_direction VARCHAR, trace_observation_point VARCHAR, trace_reason VARCHAR,
        event_type STRUCT(type INTEGER), l7 STRUCT(type VARCHAR), IP STRUCT(source VARCHAR, destination VARCHAR),
        l4 STRUCT(
          TCP STRUCT(source_port INTEGER, destination_port INTEGER, flags STRUCT(SYN BOOLEAN, ACK BOOLEAN, RST BOOLEAN)),
          UDP STRUCT(source_port INTEGER, destination_port INTEGER)),
        source STRUCT(identity INTEGER, namespace VARCHAR, workloads STRUCT(name VARCHAR)[]),
        destination STRUCT(identity INTEGER, namespace VARCHAR, workloads STRUCT(name VARCHAR)[]))'
    })
  ), named AS (
    SELECT *,
      CASE WHEN source.workloads IS NOT NULL THEN source.namespace || '/' || source.workloads[1].name
        WHEN source.identity IN (1, 6) THEN 'node' WHEN source.identity = 7 THEN 'apiserver' ELSE flow.IP.source END AS sender,
      CASE WHEN destination.workloads IS NOT NULL THEN destination.namespace || '/' || destination.workloads[1].name
        WHEN destination.identity IN (1, 6) THEN 'node' WHEN destination.identity = 7 THEN 'apiserver' ELSE flow.IP.destination END AS receiver,
      is_dropped AND (is_answer OR (source_port BETWEEN 1 AND 32767 AND destination_port >= 32768 AND NOT is_opening)) AS is_lost,
      is_answer OR is_lost AS is_backwards,
      CASE event WHEN 129 THEN 'l7' WHEN 5 THEN 'policy-verdict' WHEN 1 THEN 'drop' ELSE flow.trace_observation_point END AS seen,
      CASE WHEN seen IN ('TO_STACK', 'TO_OVERLAY', 'FROM_ENDPOINT') THEN is_backwards WHEN seen = 'TO_ENDPOINT' THEN NOT is_backwards
        ELSE (flow.traffic_direction <> 'EGRESS') <> (is_backwards AND flow.is_reply IS NULL AND event <> 129) END AS is_at_destination,
      CASE WHEN is_lost THEN 'lost' WHEN is_dropped AND flow.drop_reason_desc = 'POLICY_DENIED' THEN 'denied' WHEN is_dropped THEN 'failed'
        WHEN is_answer AND flow.l4.TCP.flags.RST THEN 'refused' WHEN is_answer THEN 'answered' WHEN flow.verdict = 'AUDIT' THEN 'audited'
        WHEN event NOT IN (129, 5) AND NOT is_opening AND (flow.trace_reason = 'ESTABLISHED' OR flow.l4.TCP.flags IS NOT NULL) THEN 'ongoing'
        ELSE 'opened' END AS counter,
      flow.verdict IN ('FORWARDED', 'REDIRECTED', 'DROPPED', 'AUDIT') AND source.identity <> 4 AND destination.identity <> 4
        AND (flow.is_reply IS NOT NULL OR is_opening OR is_dropped)
        AND NOT (CASE WHEN is_backwards THEN destination.identity ELSE source.identity END = 1 AND (is_backwards OR seen <> 'TO_OVERLAY')) AS is_flow
    FROM lines
  ), flows AS (
    SELECT node_name, counter, coalesce(is_flow, false) AS is_flow,
      CASE WHEN is_flow THEN CASE WHEN is_backwards THEN receiver ELSE sender END END AS client,
      CASE WHEN is_flow THEN CASE WHEN is_backwards THEN sender ELSE receiver END END AS server,
      CASE WHEN is_flow THEN CASE WHEN flow.l4.TCP IS NOT NULL THEN 'TCP' WHEN flow.l4.UDP IS NOT NULL THEN 'UDP' ELSE 'ICMP' END END AS protocol,
      CASE WHEN is_flow THEN CASE WHEN is_backwards THEN source_port ELSE destination_port END END AS port,
      CASE WHEN is_flow THEN CASE WHEN is_at_destination THEN 'destination' ELSE 'source' END END AS side,
      CASE WHEN is_flow THEN replace(lower(seen), '_', '-') END AS point,
      epoch_ms(flow.time) AS time
    FROM named
  ), added AS (
    SELECT client, server, protocol, port, side, point, node_name, count(*) AS records,
      count(*) FILTER (counter = 'opened') AS opened, count(*) FILTER (counter = 'ongoing') AS ongoing, count(*) FILTER (counter = 'answered') AS answered,
      count(*) FILTER (counter = 'refused') AS refused, count(*) FILTER (counter = 'denied') AS denied, count(*) FILTER (counter = 'audited') AS audited,
      count(*) FILTER (counter = 'failed') AS failed, count(*) FILTER (counter = 'lost') AS lost,
      min(time) FILTER (counter <> 'lost') AS first, max(time) FILTER (counter <> 'lost') AS last, min(time) FILTER (counter = 'answered') AS first_answered
    FROM flows
    GROUP BY GROUPING SETS ((client, server, protocol, port, side, point), (node_name))
  )
  SELECT concat_ws(E'\t', client, server, protocol, port, side, point, opened, ongoing, answered, refused, denied, audited, failed, lost, 0, 0, coalesce(first::VARCHAR, ''), coalesce(last::VARCHAR, ''), coalesce(first_answered::VARCHAR, ''))
  FROM added WHERE client IS NOT NULL
  UNION ALL SELECT concat_ws(E'\t', 'node ' || node_name, records) FROM added WHERE node_name IS NOT NULL
) TO $out (FORMAT csv, DELIMITER '', QUOTE '', HEADER false)
