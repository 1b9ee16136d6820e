-- Enumerated types with their labels in order.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner,
    pg_catalog.to_json(ARRAY(
        SELECT e.enumlabel::text
        FROM pg_catalog.pg_enum e
        WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder
    ))::text AS labels
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
