-- Attributes of composite types; their addresses are those of columns.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.' || a.attnum::text AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    a.attname::text AS key_3,
    (pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))::text AS position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    CASE WHEN a.attcollation <> t.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END AS collation
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
