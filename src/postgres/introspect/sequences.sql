-- Sequences, with the column that owns each and the identity column that uses it.
SELECT ARRAY[
    c.tableoid::text || '.' || c.oid::text || '.0',
    n.nspname::text,
    c.relname::text,
    pg_catalog.format_type(s.seqtypid, NULL),
    CASE WHEN s.seqstart <> CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END
        THEN s.seqstart::text END,
    CASE WHEN s.seqincrement < 0 AND s.seqmin = b.lowest OR s.seqincrement > 0 AND s.seqmin = 1
        THEN NULL ELSE s.seqmin::text END,
    CASE WHEN s.seqincrement > 0 AND s.seqmax = b.highest OR s.seqincrement < 0 AND s.seqmax = -1
        THEN NULL ELSE s.seqmax::text END,
    NULLIF(s.seqincrement, 1)::text,
    NULLIF(s.seqcache, 1)::text,
    CASE WHEN s.seqcycle THEN 'true' END,
    CASE WHEN c.relpersistence = 'u' THEN 'true' END,
    pg_catalog.pg_get_userbyid(c.relowner)::text,
    CASE WHEN d.deptype = 'a' THEN pg_catalog.json_build_array(tn.nspname, tc.relname, a.attname)::text END,
    CASE WHEN d.deptype = 'i' THEN pg_catalog.json_build_array(tn.nspname, tc.relname, a.attname)::text END
]::text[] AS "row"
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT
        CASE s.seqtypid WHEN 21 THEN -32768 WHEN 23 THEN -2147483648 ELSE -9223372036854775808 END AS lowest,
        CASE s.seqtypid WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END AS highest
) b
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.seqrelid AND d.objsubid = 0
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
