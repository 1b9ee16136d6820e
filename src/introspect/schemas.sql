-- Schemas, the system's own left out.
SELECT
    n.tableoid::text || '.' || n.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner
FROM pg_catalog.pg_namespace n
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
