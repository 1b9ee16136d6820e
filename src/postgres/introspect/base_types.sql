-- Types with input and output functions of their own, and shells; array types left out.
SELECT ARRAY[
    t.tableoid::text || '.' || t.oid::text || '.0',
    n.nspname::text,
    t.typname::text,
    CASE WHEN NOT t.typisdefined THEN 'true' END,
    CASE WHEN s.base THEN t.typinput::text END,
    CASE WHEN s.base THEN t.typoutput::text END,
    CASE WHEN s.base AND t.typreceive <> 0 THEN t.typreceive::text END,
    CASE WHEN s.base AND t.typsend <> 0 THEN t.typsend::text END,
    CASE WHEN s.base AND t.typmodin <> 0 THEN t.typmodin::text END,
    CASE WHEN s.base AND t.typmodout <> 0 THEN t.typmodout::text END,
    CASE WHEN s.base AND t.typanalyze <> 0 THEN t.typanalyze::text END,
    CASE WHEN s.base AND t.typsubscript <> 0 THEN t.typsubscript::text END,
    CASE WHEN s.base THEN CASE t.typlen WHEN -1 THEN 'variable' WHEN -2 THEN 'cstring' ELSE t.typlen::text END END,
    CASE WHEN s.base AND t.typbyval THEN 'true' END,
    CASE WHEN s.base THEN CASE t.typalign
        WHEN 'c' THEN 'char'
        WHEN 's' THEN 'int2'
        WHEN 'i' THEN 'int4'
        WHEN 'd' THEN 'double'
    END END,
    CASE WHEN s.base THEN CASE t.typstorage
        WHEN 'e' THEN 'external'
        WHEN 'm' THEN 'main'
        WHEN 'x' THEN 'extended'
    END END,
    CASE WHEN s.base AND t.typcategory <> 'U' THEN t.typcategory::text END,
    CASE WHEN s.base AND t.typispreferred THEN 'true' END,
    CASE WHEN s.base AND t.typdelim <> ',' THEN t.typdelim::text END,
    CASE WHEN s.base AND t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END,
    CASE WHEN s.base THEN t.typdefault END,
    CASE WHEN s.base AND t.typcollation <> 0 THEN 'true' END,
    pg_catalog.pg_get_userbyid(t.typowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
CROSS JOIN LATERAL (SELECT t.typtype = 'b' AND t.typisdefined AS base) s
WHERE (t.typtype = 'b' AND e.oid IS NULL OR NOT t.typisdefined)
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
