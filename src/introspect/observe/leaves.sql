-- The tables that hold the rows of each table of $1 (a JSON list): itself, or its partitions.
SELECT DISTINCT ARRAY[pg_catalog.format('%I.%I', n.nspname, c.relname)] AS "row"
FROM pg_catalog.json_array_elements_text($1::json) w(name)
JOIN pg_catalog.pg_class p ON p.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace s ON s.oid = p.relnamespace AND pg_catalog.format('%I.%I', s.nspname, p.relname) = w.name
CROSS JOIN LATERAL (
    SELECT p.oid
    UNION
    SELECT r.relid FROM pg_catalog.pg_partition_tree(p.oid) r WHERE p.relkind = 'p' AND r.isleaf
) l
JOIN pg_catalog.pg_class c ON c.oid = l.oid AND c.relkind = 'r'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1
