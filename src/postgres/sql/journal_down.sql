WITH tracked AS (
    DELETE FROM {diesel} WHERE version = $1::text RETURNING run_on
)
INSERT INTO {journal}
    (version, name, kind, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
-- no row deleted means that another tool was faster: NULL as kind fails, and everything is rolled back
SELECT $1::text, $2::text, CASE WHEN EXISTS (SELECT FROM tracked) THEN $3::text END,
    $4::text, $5::text, $6::text,
    COALESCE($7::text::bigint, ((EXTRACT(epoch FROM pg_catalog.clock_timestamp())
        - COALESCE(NULLIF(pg_catalog.current_setting('glowplug.started', true), '')::numeric,
            EXTRACT(epoch FROM pg_catalog.now()))) * 1000)::bigint),
    $8::text, $9::text::integer, $10::text::integer, $11::text
RETURNING ARRAY[took_ms::text] AS "row"
