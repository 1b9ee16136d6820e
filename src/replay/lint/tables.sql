-- Tables with their sizes, how often they are used in a second, and how many different values columns have, where these are few.
SELECT ARRAY[
    pg_catalog.format('%I.%I', n.nspname, c.relname),
    GREATEST(c.reltuples, s.n_live_tup, 0)::bigint::text,
    GREATEST(c.relpages, 0)::text,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)::text,
    pg_catalog.round(((COALESCE(s.seq_scan, 0) + COALESCE(s.idx_scan, 0)) / t.seconds)::numeric, 3)::text,
    pg_catalog.round(((COALESCE(s.n_tup_ins, 0) + COALESCE(s.n_tup_upd, 0) + COALESCE(s.n_tup_del, 0)) / t.seconds)::numeric, 3)::text,
    pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD'),
    (
        SELECT pg_catalog.jsonb_object_agg(v.attname, v.n_distinct)::text
        FROM pg_catalog.pg_stats v
        WHERE v.schemaname = n.nspname AND v.tablename = c.relname AND v.n_distinct BETWEEN 1 AND 1000
    )
] AS "row"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_user_tables s ON s.relid = c.oid
CROSS JOIN (
    SELECT GREATEST(EXTRACT(epoch FROM pg_catalog.now() - COALESCE(d.stats_reset, pg_catalog.pg_postmaster_start_time())), 1) AS seconds
    FROM pg_catalog.pg_stat_database d
    WHERE d.datname = pg_catalog.current_database()
) t
WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
ORDER BY 1
