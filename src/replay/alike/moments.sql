-- Of constants, a list of types and texts in JSON: whether each is a moment since this server started, or the beginning of a day
-- around it, and whether it is not to come. A second more is left for types that round, and a day for other time zones.
SELECT ARRAY[
    CASE
        WHEN m.at BETWEEN pg_catalog.pg_postmaster_start_time() - interval '1 second' AND pg_catalog.clock_timestamp() + interval '1 second'
            OR m.at IN (timestamptz 'yesterday', timestamptz 'today', timestamptz 'tomorrow')
            THEN 'true'
    END,
    CASE WHEN m.at <= timestamptz 'tomorrow' + interval '1 day' THEN 'true' END
]::text[] AS "row"
FROM (
    SELECT c.place, CASE c.constant ->> 0
        WHEN 'time' THEN (current_date + (c.constant ->> 1)::time)::timestamptz
        ELSE (c.constant ->> 1)::timestamptz
    END AS at
    FROM pg_catalog.json_array_elements($1::text::json) WITH ORDINALITY c(constant, place)
) m
ORDER BY m.place
