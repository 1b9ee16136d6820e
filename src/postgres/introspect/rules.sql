-- Rewrite rules, without those that views are made of.
SELECT ARRAY[
    r.tableoid::text || '.' || r.oid::text || '.0',
    n.nspname::text,
    c.relname::text,
    r.rulename::text,
    pg_catalog.pg_get_ruledef(r.oid),
    CASE r.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' WHEN '4' THEN 'delete' END,
    CASE WHEN r.is_instead THEN 'true' END,
    CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
]::text[] AS "row"
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
