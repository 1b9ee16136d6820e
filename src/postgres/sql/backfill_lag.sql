-- How many seconds the replica that is furthest behind is behind.
SELECT ARRAY[(EXTRACT(epoch FROM pg_catalog.max(r.replay_lag)))::text] AS "row"
FROM pg_catalog.pg_stat_replication r
