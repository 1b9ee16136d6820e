-- Text search dictionaries.
SELECT
    d.tableoid::text || '.' || d.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    d.dictname::text AS key_2,
    pg_catalog.format('%I.%I', tn.nspname, t.tmplname) AS template,
    d.dictinitoption AS options,
    pg_catalog.pg_get_userbyid(d.dictowner)::text AS owner
FROM pg_catalog.pg_ts_dict d
JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
