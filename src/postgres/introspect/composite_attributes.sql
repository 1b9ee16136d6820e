-- Attributes of composite types; their addresses are those of columns.
SELECT ARRAY[
    c.tableoid::text || '.' || c.oid::text || '.' || a.attnum::text,
    n.nspname::text,
    c.relname::text,
    a.attname::text,
    (pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum))::text,
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END
]::text[] AS "row"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
