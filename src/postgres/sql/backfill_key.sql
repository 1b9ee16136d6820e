-- The type of the key of a backfill, and about how many rows its table has. For a column that is missing or may be NULL the cast
-- fails with the sentence.
SELECT ARRAY[
    COALESCE(
        (SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = $2::text AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull),
        (pg_catalog.format('the key %s of %s is not a column that is NOT NULL', $2::text, $1::text)::integer)::text
    ),
    (CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE 0 END)::text
] AS "row"
FROM pg_catalog.pg_class c
WHERE c.oid = $1::text::pg_catalog.regclass
