-- Text search templates.
SELECT ARRAY[
    t.tableoid::text || '.' || t.oid::text || '.0',
    n.nspname::text,
    t.tmplname::text,
    CASE WHEN t.tmplinit <> 0 THEN t.tmplinit::text END,
    t.tmpllexize::text
]::text[] AS "row"
FROM pg_catalog.pg_ts_template t
JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
