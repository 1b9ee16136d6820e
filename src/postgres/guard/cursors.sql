-- An expression that notes a cursor that would outlive the transaction, under settings of anybody's: every name is qualified.
pg_catalog.set_config('glowplug.pending', COALESCE(pg_catalog.current_setting('glowplug.pending', true), '')
    OPERATOR(pg_catalog.||) CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable) THEN E'a cursor\n' ELSE '' END, true)
