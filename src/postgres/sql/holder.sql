-- Who holds the migration lock. $1, $2: the halves of its key.
SELECT ARRAY[
    a.pid::text,
    a.application_name,
    a.usename::text,
    pg_catalog.to_char(pg_catalog.timezone('UTC', a.backend_start), 'YYYY-MM-DD HH24:MI:SS'),
    a.state
] AS "row"
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted
  AND l.classid = $1::oid AND l.objid = $2::oid AND l.objsubid = 1
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
