-- The tables of $1 (a JSON list), their partitioned tables instead of partitions, and all that they refer to.
WITH RECURSIVE own(oid) AS (
    SELECT c.oid
    FROM pg_catalog.json_array_elements_text($1::json) w(name)
    JOIN pg_catalog.pg_class c ON c.relkind IN ('r', 'p', 'm', 'v')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND pg_catalog.format('%I.%I', n.nspname, c.relname) = w.name
), above(oid) AS (
    SELECT o.oid FROM own o
    UNION
    SELECT n.next
    FROM above a
    CROSS JOIN LATERAL (
        SELECT h.inhparent AS next FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
        WHERE h.inhrelid = a.oid AND c.relispartition
        UNION ALL
        SELECT k.confrelid FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.oid AND k.contype = 'f'
    ) n
)
SELECT ARRAY[pg_catalog.format('%I.%I', n.nspname, c.relname)] AS "row"
FROM above a
JOIN pg_catalog.pg_class c ON c.oid = a.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema$)'
    AND c.relname NOT IN ('__diesel_schema_migrations', '__glowplug_journal')
ORDER BY 1
