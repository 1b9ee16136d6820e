-- The last key of the next batch, and how many keys it has.
SELECT ARRAY[last::text, place::text] AS "row"
FROM (
    SELECT {key} AS last, pg_catalog.row_number() OVER (ORDER BY {key}) AS place
    FROM {table}{after}
    ORDER BY {key}
    LIMIT {size}
) AS batch
ORDER BY place DESC
LIMIT 1
