-- Event triggers.
SELECT
    e.tableoid::text || '.' || e.oid::text || '.0' AS address,
    e.evtname::text AS key_1,
    e.evtevent::text AS event,
    CASE WHEN pg_catalog.cardinality(e.evttags) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(e.evttags) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS tags,
    pg_catalog.format('%I.%I', n.nspname, p.proname) AS function,
    CASE e.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS enabled,
    pg_catalog.pg_get_userbyid(e.evtowner)::text AS owner
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
