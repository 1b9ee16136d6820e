-- Event triggers.
SELECT ARRAY[
    e.tableoid::text || '.' || e.oid::text || '.0',
    e.evtname::text,
    e.evtevent::text,
    CASE WHEN pg_catalog.cardinality(e.evttags) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(e.evttags) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END,
    pg_catalog.format('%I.%I', n.nspname, p.proname),
    CASE e.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END,
    pg_catalog.pg_get_userbyid(e.evtowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
