-- How many rows a query finds, and three of them.
SELECT ARRAY[(CASE WHEN {holds} THEN 0 ELSE pg_catalog.count(*) END)::text]
    || pg_catalog.array_agg(pg_catalog.left(r.line::text, 500) ORDER BY r.place) FILTER (WHERE r.place <= 3) AS "row"
FROM (
    SELECT pg_catalog.to_jsonb(glowplug_query) AS line, pg_catalog.row_number() OVER () AS place FROM (
{rows}
    ) AS glowplug_query
) AS r
