-- Composite types that stand alone.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_type t ON t.oid = c.reltype
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE c.relkind = 'c' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
