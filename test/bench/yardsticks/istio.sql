-- The lines of Istio's access log, folded to edges: of a server's proxy one, of a client's one, of a gateway's both its sides.
CREATE TABLE addresses AS SELECT * FROM read_csv($addresses, header = false, columns = { address: 'VARCHAR', name: 'VARCHAR' });

COPY (
  WITH seen AS (
    SELECT time, received, sent, host, remote, local, own,
      split_part(remote, ':', 1) AS remote_address, split_part(local, ':', 1) AS local_address, split_part(own, ':', 1) AS own_address, split_part(host, ':', 1) AS host_address,
      coalesce(starts_with(cluster, 'inbound|'), false) AS is_inbound,
      NOT is_inbound AND own IS NOT NULL AND own_address = local_address AND remote_address <> local_address AS is_gateway,
      CASE WHEN starts_with(details, 'rbac_access_denied') OR starts_with(termination, 'rbac_access_denied') THEN 'rejected'
        WHEN flags = 'UF,URX' AND (contains(failure, '_111') OR contains(details, '_111') OR NOT (contains(failure, 'timeout') OR contains(details, 'timeout'))) THEN 'refused'
        WHEN flags IN ('UF,URX', 'UH', 'NR') OR host IS NULL THEN 'unanswered'
        WHEN (is_tcp AND code = 0) OR (code > 0 AND starts_with(details, 'via_upstream')) THEN 'established'
        WHEN flags = 'UC' THEN 'refused' ELSE 'unanswered' END AS outcome,
      CASE WHEN own IS NOT NULL THEN own_address
        WHEN local_address = host_address OR (starts_with(cluster, 'outbound|') AND split_part(cluster, '|', 2) = split_part(local, ':', 2)) THEN remote_address END AS client
    FROM lines
  ), requests AS (
    SELECT remote_address AS source, local_address AS destination, split_part(local, ':', 2) AS port, 'destination' AS side, 'inbound' AS point, outcome, time, received, sent FROM seen WHERE is_inbound
    UNION ALL
    SELECT client, host_address, split_part(host, ':', 2), 'source', 'outbound', outcome, time, received, sent FROM seen WHERE NOT is_inbound AND host IS NOT NULL AND client IS NOT NULL
    UNION ALL
    SELECT remote_address, local_address, split_part(local, ':', 2), 'destination', 'gateway', 'established', time, received, sent FROM seen WHERE is_gateway
  ), added AS (
    SELECT coalesce(client.name, source) AS source, coalesce(server.name, destination) AS destination, port, side, point,
      count(*) FILTER (outcome IN ('established', 'refused')) AS opened, count(*) FILTER (outcome = 'established') AS answered, count(*) FILTER (outcome = 'refused') AS refused,
      count(*) FILTER (outcome = 'rejected') AS denied, count(*) FILTER (outcome = 'unanswered') AS failed,
      sum(received) AS received, sum(sent) AS sent, epoch_ms(min(time)) AS first, epoch_ms(max(time)) AS last, epoch_ms(min(time) FILTER (outcome = 'established')) AS first_answered
    FROM requests LEFT JOIN addresses client ON client.address = source LEFT JOIN addresses server ON server.address = destination
    GROUP BY ALL
  )
  SELECT concat_ws(E'\t', source, destination, 'TCP', port, side, point, opened, 0, answered, refused, denied, 0, failed, 0, received, sent, first, last, coalesce(first_answered::VARCHAR, '')) FROM added
) TO $out (FORMAT csv, DELIMITER '', QUOTE '', HEADER false)
