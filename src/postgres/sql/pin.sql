-- Settings that every migration starts with, and the time at which it does.
SELECT ARRAY[
    pg_catalog.set_config('lock_timeout', $1::text, $4::text::boolean),
    pg_catalog.set_config('statement_timeout', $2::text, $4::text::boolean),
    pg_catalog.set_config('client_connection_check_interval', $3::text, $4::text::boolean),
    pg_catalog.set_config('TimeZone', 'UTC', $4::text::boolean),
    pg_catalog.set_config('glowplug.started',
        EXTRACT(epoch FROM pg_catalog.clock_timestamp())::text, $4::text::boolean)
] AS "row"
