WITH tracked AS (
    INSERT INTO {diesel} (version, run_on) VALUES ($1::text, pg_catalog.timezone('UTC', pg_catalog.now()))
    RETURNING run_on
)
INSERT INTO {journal}
    (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
SELECT $1::text, $2::text, $3::text, run_on, $4::text, $5::text, $6::text,
    COALESCE($7::text::bigint, ((EXTRACT(epoch FROM pg_catalog.clock_timestamp())
        - COALESCE(NULLIF(pg_catalog.current_setting('glowplug.started', true), '')::numeric,
            EXTRACT(epoch FROM pg_catalog.now()))) * 1000)::bigint),
    $8::text, $9::text::integer, $10::text::integer, $11::text
FROM tracked
RETURNING ARRAY[took_ms::text] AS "row"
