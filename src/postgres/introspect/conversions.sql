-- Conversions between encodings.
SELECT ARRAY[
    c.tableoid::text || '.' || c.oid::text || '.0',
    n.nspname::text,
    c.conname::text,
    pg_catalog.pg_encoding_to_char(c.conforencoding)::text,
    pg_catalog.pg_encoding_to_char(c.contoencoding)::text,
    c.conproc::text,
    CASE WHEN c.condefault THEN 'true' END,
    pg_catalog.pg_get_userbyid(c.conowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_conversion c
JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
