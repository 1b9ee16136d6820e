-- Sequences, with the column that owns each and the identity column that uses it.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    pg_catalog.format_type(s.seqtypid, NULL) AS type,
    CASE WHEN s.seqstart <> CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END
        THEN s.seqstart::text END AS start,
    CASE WHEN s.seqincrement < 0 AND s.seqmin = b.lowest OR s.seqincrement > 0 AND s.seqmin = 1
        THEN NULL ELSE s.seqmin::text END AS minimum,
    CASE WHEN s.seqincrement > 0 AND s.seqmax = b.highest OR s.seqincrement < 0 AND s.seqmax = -1
        THEN NULL ELSE s.seqmax::text END AS maximum,
    NULLIF(s.seqincrement, 1)::text AS increment,
    NULLIF(s.seqcache, 1)::text AS cache,
    CASE WHEN s.seqcycle THEN 'true' END AS cycle,
    CASE WHEN c.relpersistence = 'u' THEN 'true' END AS unlogged,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
    CASE WHEN d.deptype = 'a' THEN pg_catalog.json_build_array(tn.nspname, tc.relname, a.attname)::text END AS owned_by,
    CASE WHEN d.deptype = 'i' THEN pg_catalog.json_build_array(tn.nspname, tc.relname, a.attname)::text END AS identity_of
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
