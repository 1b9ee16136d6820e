-- Text search parsers.
SELECT
    p.tableoid::text || '.' || p.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    p.prsname::text AS key_2,
    p.prsstart::text AS start,
    p.prstoken::text AS token,
    p.prsend::text AS end,
    CASE WHEN p.prsheadline <> 0 THEN p.prsheadline::text END AS headline,
    p.prslextype::text AS types
FROM pg_catalog.pg_ts_parser p
JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
