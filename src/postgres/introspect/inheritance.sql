-- Which table inherits from which; partitions are not among them.
SELECT ARRAY[
    '0.0.0',
    n.nspname::text,
    c.relname::text,
    pn.nspname::text,
    pc.relname::text,
    h.inhseqno::text
]::text[] AS "row"
FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
WHERE NOT c.relispartition AND c.relkind IN ('r', 'f')
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
