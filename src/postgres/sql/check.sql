#variable_conflict use_column
DECLARE
    glowplug_found bigint;
    glowplug_holds boolean;
    glowplug_rows text;
BEGIN
    SELECT pg_catalog.count(*),
        pg_catalog.count(*) = 1 AND pg_catalog.bool_and(
            (SELECT pg_catalog.count(*) = 1 AND pg_catalog.bool_and(c.value = 'true'::pg_catalog.jsonb)
             FROM pg_catalog.jsonb_each(r.line) AS c)),
        pg_catalog.string_agg(r.line::text, ', ' ORDER BY r.place) FILTER (WHERE r.place <= 3)
    INTO glowplug_found, glowplug_holds, glowplug_rows
    FROM (
        SELECT pg_catalog.to_jsonb(glowplug_query) AS line, pg_catalog.row_number() OVER () AS place FROM (
{query}
        ) AS glowplug_query
    ) AS r;
    IF {demands} AND glowplug_found > 0 AND NOT glowplug_holds THEN
        RAISE EXCEPTION USING ERRCODE = '{state}',
            MESSAGE = pg_catalog.format('%s %s', glowplug_found, CASE glowplug_found WHEN 1 THEN 'row' ELSE 'rows' END),
            DETAIL = pg_catalog.left(glowplug_rows, 2000);
    END IF;
END
