-- What stands under the names of declared ledgers. $1: [[schema, table], …]; $2: [[column, …], …], their keys.
SELECT ARRAY[COALESCE(c.relkind::text, ''), COALESCE(c.relpersistence::text, ''),
    (SELECT k.name FROM jsonb_array_elements_text(keys.names) WITH ORDINALITY k (name, place)
        WHERE c.oid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped)
        ORDER BY k.place LIMIT 1)] AS "row"
FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY d (names, place)
JOIN jsonb_array_elements($2::text::jsonb) WITH ORDINALITY keys (names, place) ON keys.place = d.place
LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
ORDER BY d.place
