-- Constraints of domains.
SELECT
    k.tableoid::text || '.' || k.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    k.conname::text AS key_3,
    CASE k.contype WHEN 'c' THEN 'check' WHEN 'n' THEN 'not null' END AS type,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    CASE WHEN NOT k.convalidated THEN 'true' END AS not_valid
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_type t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
