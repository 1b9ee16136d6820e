-- Conversions between encodings.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.conname::text AS key_2,
    pg_catalog.pg_encoding_to_char(c.conforencoding)::text AS from,
    pg_catalog.pg_encoding_to_char(c.contoencoding)::text AS to,
    c.conproc::text AS function,
    CASE WHEN c.condefault THEN 'true' END AS default,
    pg_catalog.pg_get_userbyid(c.conowner)::text AS owner
FROM pg_catalog.pg_conversion c
JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
