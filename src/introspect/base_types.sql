-- Types with input and output functions of their own, and shells; array types left out.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    CASE WHEN NOT t.typisdefined THEN 'true' END AS shell,
    CASE WHEN s.base THEN t.typinput::text END AS input,
    CASE WHEN s.base THEN t.typoutput::text END AS output,
    CASE WHEN s.base AND t.typreceive <> 0 THEN t.typreceive::text END AS receive,
    CASE WHEN s.base AND t.typsend <> 0 THEN t.typsend::text END AS send,
    CASE WHEN s.base AND t.typmodin <> 0 THEN t.typmodin::text END AS typmod_in,
    CASE WHEN s.base AND t.typmodout <> 0 THEN t.typmodout::text END AS typmod_out,
    CASE WHEN s.base AND t.typanalyze <> 0 THEN t.typanalyze::text END AS analyze,
    CASE WHEN s.base AND t.typsubscript <> 0 THEN t.typsubscript::text END AS subscript,
    CASE WHEN s.base THEN CASE t.typlen WHEN -1 THEN 'variable' WHEN -2 THEN 'cstring' ELSE t.typlen::text END END AS length,
    CASE WHEN s.base AND t.typbyval THEN 'true' END AS by_value,
    CASE WHEN s.base THEN CASE t.typalign
        WHEN 'c' THEN 'char'
        WHEN 's' THEN 'int2'
        WHEN 'i' THEN 'int4'
        WHEN 'd' THEN 'double'
    END END AS alignment,
    CASE WHEN s.base THEN CASE t.typstorage
        WHEN 'e' THEN 'external'
        WHEN 'm' THEN 'main'
        WHEN 'x' THEN 'extended'
    END END AS storage,
    CASE WHEN s.base AND t.typcategory <> 'U' THEN t.typcategory::text END AS category,
    CASE WHEN s.base AND t.typispreferred THEN 'true' END AS preferred,
    CASE WHEN s.base AND t.typdelim <> ',' THEN t.typdelim::text END AS delimiter,
    CASE WHEN s.base AND t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END AS element,
    CASE WHEN s.base THEN t.typdefault END AS default,
    CASE WHEN s.base AND t.typcollation <> 0 THEN 'true' END AS collatable,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
CROSS JOIN LATERAL (SELECT t.typtype = 'b' AND t.typisdefined AS base) s
WHERE (t.typtype = 'b' AND e.oid IS NULL OR NOT t.typisdefined)
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
