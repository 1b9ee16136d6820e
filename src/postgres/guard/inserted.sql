WITH RECURSIVE tree AS (
    SELECT d.place, c.oid
    FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY d (names, place)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
    UNION
    SELECT t.place, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
)
SELECT ARRAY[(place - 1)::text, sum(pg_stat_get_xact_tuples_inserted(oid))::text] AS "row"
FROM tree
GROUP BY place
ORDER BY place
