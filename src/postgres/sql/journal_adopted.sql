-- How many entries are not of an adoption, and whether one says that the tables were made for it.
SELECT ARRAY[
    pg_catalog.count(*) FILTER (WHERE NOT is_own)::text,
    COALESCE(pg_catalog.bool_or(CASE WHEN is_own
        THEN (note::jsonb OPERATOR(pg_catalog.#>>) '{adopted,made_tables}') OPERATOR(pg_catalog.=) 'true' END), false)::text
] AS "row"
FROM (
    SELECT note, kind OPERATOR(pg_catalog.=) 'stamp' AND COALESCE(note, '') LIKE '{"adopted":%' AS is_own
    FROM {journal}
) entries
