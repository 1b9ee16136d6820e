-- Composite types that stand alone.
SELECT ARRAY[
    t.tableoid::text || '.' || t.oid::text || '.0',
    n.nspname::text,
    t.typname::text,
    pg_catalog.pg_get_userbyid(t.typowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_type t ON t.oid = c.reltype
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE c.relkind = 'c' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
