-- Transforms of types for languages.
SELECT ARRAY[
    t.tableoid::text || '.' || t.oid::text || '.0',
    pg_catalog.format_type(t.trftype, NULL),
    l.lanname::text,
    CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END,
    CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END
]::text[] AS "row"
FROM pg_catalog.pg_transform t
JOIN pg_catalog.pg_language l ON l.oid = t.trflang
WHERE t.oid >= 16384
