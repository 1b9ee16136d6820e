-- Rewrite rules, without those that views are made of.
SELECT
    r.tableoid::text || '.' || r.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    r.rulename::text AS key_3,
    pg_catalog.pg_get_ruledef(r.oid) AS definition,
    CASE r.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' WHEN '4' THEN 'delete' END AS event,
    CASE WHEN r.is_instead THEN 'true' END AS instead,
    CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS enabled
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
