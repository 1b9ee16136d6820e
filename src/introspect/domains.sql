-- Domains; what they are based on is one level below.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type,
    bn.nspname::text AS base_schema,
    b.typname::text AS base_name,
    CASE WHEN t.typnotnull THEN 'true' END AS not_null,
    CASE WHEN t.typdefaultbin IS NOT NULL THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0)
        ELSE t.typdefault END AS default,
    CASE WHEN t.typcollation <> b.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END AS collation,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_catalog.pg_collation co ON co.oid = t.typcollation
LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
WHERE t.typtype = 'd' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
