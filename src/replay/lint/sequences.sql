-- Sequences with the column that each fills: how far they are, and how fast.
SELECT ARRAY[
    pg_catalog.format('%I.%I', n.nspname, c.relname),
    pg_catalog.format('%I.%I.%I', tn.nspname, tc.relname, a.attname),
    COALESCE(q.last_value, 0)::text,
    LEAST(q.max_value, CASE a.atttypid WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END)::text,
    pg_catalog.round((COALESCE(s.n_tup_ins, 0) * 86400 / t.seconds)::numeric, 3)::text
] AS "row"
FROM pg_catalog.pg_sequences q
JOIN pg_catalog.pg_namespace n ON n.nspname = q.schemaname
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = q.sequencename
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.refclassid = d.classid
    AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
JOIN pg_catalog.pg_class tc ON tc.oid = d.refobjid
JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
LEFT JOIN pg_catalog.pg_stat_user_tables s ON s.relid = tc.oid
CROSS JOIN (
    SELECT GREATEST(EXTRACT(epoch FROM pg_catalog.now() - COALESCE(b.stats_reset, pg_catalog.pg_postmaster_start_time())), 1) AS seconds
    FROM pg_catalog.pg_stat_database b
    WHERE b.datname = pg_catalog.current_database()
) t
ORDER BY 1
