-- Transforms of types for languages.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    pg_catalog.format_type(t.trftype, NULL) AS key_1,
    l.lanname::text AS key_2,
    CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END AS from_sql,
    CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END AS to_sql
FROM pg_catalog.pg_transform t
JOIN pg_catalog.pg_language l ON l.oid = t.trflang
WHERE t.oid >= 16384
