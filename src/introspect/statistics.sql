-- Extended statistics.
SELECT
    s.tableoid::text || '.' || s.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    s.stxname::text AS key_2,
    pg_catalog.format('%I.%I', cn.nspname, c.relname) AS table,
    pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition,
    pg_catalog.pg_get_statisticsobjdef_columns(s.oid) AS columns,
    -- e, expressions, is no kind that one asks for
    pg_catalog.to_json(pg_catalog.array_remove(ARRAY[
        CASE WHEN 'd' = ANY (s.stxkind) THEN 'ndistinct' END,
        CASE WHEN 'f' = ANY (s.stxkind) THEN 'dependencies' END,
        CASE WHEN 'm' = ANY (s.stxkind) THEN 'mcv' END
    ], NULL))::text AS kinds,
    NULLIF(s.stxstattarget, -1)::text AS target,
    pg_catalog.pg_get_userbyid(s.stxowner)::text AS owner
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
