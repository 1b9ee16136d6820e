-- Text search templates.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.tmplname::text AS key_2,
    CASE WHEN t.tmplinit <> 0 THEN t.tmplinit::text END AS init,
    t.tmpllexize::text AS lexize
FROM pg_catalog.pg_ts_template t
JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
