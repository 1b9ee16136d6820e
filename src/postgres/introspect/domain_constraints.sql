-- Constraints of domains.
SELECT ARRAY[
    k.tableoid::text || '.' || k.oid::text || '.0',
    n.nspname::text,
    t.typname::text,
    k.conname::text,
    CASE k.contype WHEN 'c' THEN 'check' WHEN 'n' THEN 'not null' END,
    pg_catalog.pg_get_constraintdef(k.oid),
    CASE WHEN NOT k.convalidated THEN 'true' END
]::text[] AS "row"
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_type t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
