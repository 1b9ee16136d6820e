-- Schemas, the system's own left out.
SELECT ARRAY[
    n.tableoid::text || '.' || n.oid::text || '.0',
    n.nspname::text,
    pg_catalog.pg_get_userbyid(n.nspowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_namespace n
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
