-- Tables, partitioned tables, views, materialized views and foreign tables.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    CASE c.relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'partitioned table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view'
        WHEN 'f' THEN 'foreign table'
    END AS kind,
    CASE WHEN c.relpersistence = 'u' THEN 'true' END AS unlogged,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
    -- a partitioned table has none unless somebody said so
    CASE WHEN c.relkind = 'p' OR am.amname <> 'heap' THEN am.amname::text END AS access_method,
    ts.spcname::text AS tablespace,
    CASE WHEN pg_catalog.cardinality(c.reloptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(c.reloptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS options,
    CASE WHEN pg_catalog.cardinality(tt.reloptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(tt.reloptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS toast_options,
    CASE WHEN c.relkind IN ('r', 'p', 'm') THEN CASE c.relreplident
        WHEN 'f' THEN 'full'
        WHEN 'n' THEN 'nothing'
        -- without the index that it names, no row can be told apart
        WHEN 'i' THEN CASE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident
        ) THEN 'index' ELSE 'nothing' END
    END END AS replica_identity,
    CASE WHEN c.relreplident = 'i' THEN (
        SELECT ic.relname::text
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisreplident
    ) END AS replica_identity_index,
    CASE WHEN c.relrowsecurity THEN 'true' END AS row_security,
    CASE WHEN c.relforcerowsecurity THEN 'true' END AS force_row_security,
    CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type,
    CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
    CASE WHEN c.relispartition THEN pg_catalog.format('%I.%I', pn.nspname, pc.relname) END AS partition_of,
    CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
    CASE WHEN h.inhdetachpending THEN 'true' END AS detach_pending,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
    CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'true' END AS unpopulated,
    fs.srvname::text AS server,
    CASE WHEN pg_catalog.cardinality(ft.ftoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(ft.ftoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS foreign_options
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_class tt ON tt.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_inherits h ON c.relispartition AND h.inhrelid = c.oid
LEFT JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
  AND c.oid = ANY ($1::oid[]) -- of some
