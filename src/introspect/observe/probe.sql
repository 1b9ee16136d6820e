-- What this session has done so far: locks, work, WAL, and the relations that are new or changed since the transaction $1.
SELECT ARRAY['relation', c.oid::text, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relfilenode::text, COALESCE(i.indrelid, d.refobjid, 0)::text] AS "row"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_depend d ON c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
    AND d.refclassid = d.classid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I', 'S', 'f')
    AND pg_catalog.age(c.xmin) <= pg_catalog.age($1::pg_catalog.xid)
UNION ALL
SELECT ARRAY['there', pg_catalog.string_agg(c.oid::text, ' ')]
FROM pg_catalog.pg_class c
WHERE c.oid >= 16384
UNION ALL
SELECT ARRAY['lock', l.relation::text, l.mode]
FROM pg_catalog.pg_locks l
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
UNION ALL
SELECT ARRAY['work', w.oid::text, w.returned::text, w.fetched::text, w.inserted::text, w.updated::text, w.deleted::text]
FROM (
    SELECT c.oid, pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) AS returned, pg_catalog.pg_stat_get_xact_tuples_fetched(c.oid) AS fetched,
        pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) AS inserted, pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updated,
        pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted
    FROM pg_catalog.pg_class c
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i')
) w
WHERE w.returned + w.fetched + w.inserted + w.updated + w.deleted > 0
UNION ALL
SELECT ARRAY['locked', l.key, l.value]
FROM pg_catalog.jsonb_each_text(COALESCE(NULLIF(pg_catalog.current_setting('glowplug.locked', true), '')::pg_catalog.jsonb, '{}')) l
UNION ALL
SELECT ARRAY['wal', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text,
    (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint::text]
