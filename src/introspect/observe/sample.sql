-- The locks that another session holds at this moment, with the time in microseconds.
SELECT ARRAY['lock', l.relation::text, l.mode, (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint::text] AS "row"
FROM pg_catalog.pg_locks l
WHERE l.pid = $1::int AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
UNION ALL
SELECT ARRAY['state', a.state, NULL, (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint::text]
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = $1::int
