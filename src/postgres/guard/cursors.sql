DO $glowplug$
BEGIN
    PERFORM pg_catalog.set_config('glowplug.pending', COALESCE(pg_catalog.current_setting('glowplug.pending', true), '')
        || CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable) THEN E'a cursor\n' ELSE '' END, true);
END
$glowplug$
