-- Indexes, whether they are valid, and whether somebody builds them right now.
SELECT ARRAY[
    n.nspname::text,
    c.relname::text,
    i.indisvalid::text,
    EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)::text
] AS "row"
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'i' AND {which}
