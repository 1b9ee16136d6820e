-- Which table inherits from which; partitions are not among them.
SELECT
    '0.0.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    pn.nspname::text AS key_3,
    pc.relname::text AS key_4,
    h.inhseqno::text AS position
FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
WHERE NOT c.relispartition AND c.relkind IN ('r', 'f')
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
