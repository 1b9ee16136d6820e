-- Text search parsers.
SELECT ARRAY[
    p.tableoid::text || '.' || p.oid::text || '.0',
    n.nspname::text,
    p.prsname::text,
    p.prsstart::text,
    p.prstoken::text,
    p.prsend::text,
    CASE WHEN p.prsheadline <> 0 THEN p.prsheadline::text END,
    p.prslextype::text
]::text[] AS "row"
FROM pg_catalog.pg_ts_parser p
JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
