-- Indexes of tables and materialized views, those of constraints included.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    tc.relname::text AS table,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
    am.amname::text AS method,
    CASE WHEN i.indisunique THEN 'true' END AS unique,
    CASE WHEN i.indisprimary THEN 'true' END AS primary,
    x.columns AS columns,
    x.include AS include,
    x.opclasses AS opclasses,
    x.opclass_options AS opclass_options,
    x.collations AS collations,
    x.orders AS orders,
    CASE WHEN i.indpred IS NOT NULL THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid) END AS predicate,
    NULL AS nulls_not_distinct, -- before 15
    CASE WHEN i.indnullsnotdistinct THEN 'true' END AS nulls_not_distinct, -- from 15
    CASE WHEN NOT i.indisvalid THEN 'true' END AS invalid,
    CASE WHEN NOT i.indisready THEN 'true' END AS not_ready,
    CASE WHEN NOT i.indimmediate THEN 'true' END AS not_immediate,
    CASE WHEN i.indisclustered THEN 'true' END AS clustered,
    CASE WHEN i.indisreplident THEN 'true' END AS replica_identity,
    CASE WHEN pg_catalog.cardinality(c.reloptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(c.reloptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS options,
    ts.spcname::text AS tablespace,
    x.statistics AS statistics,
    k.conname::text AS of_constraint,
    CASE WHEN h.inhparent IS NOT NULL THEN pg_catalog.format('%I.%I', pn.nspname, pc.relname) END AS parent
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_constraint k
    ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.json_agg(y.expression ORDER BY y.attnum) FILTER (WHERE y.key)::text AS columns,
        pg_catalog.json_agg(y.expression ORDER BY y.attnum) FILTER (WHERE NOT y.key)::text AS include,
        pg_catalog.json_agg(y.opclass ORDER BY y.attnum) FILTER (WHERE y.key)::text AS opclasses,
        pg_catalog.json_object_agg(y.attnum, y.options ORDER BY y.attnum)
            FILTER (WHERE y.options IS NOT NULL)::text AS opclass_options,
        CASE WHEN pg_catalog.count(y.collation) > 0 THEN
            pg_catalog.json_agg(y.collation ORDER BY y.attnum) FILTER (WHERE y.key)::text
        END AS collations,
        CASE WHEN pg_catalog.count(y.direction) > 0 THEN
            pg_catalog.json_agg(y.direction ORDER BY y.attnum) FILTER (WHERE y.key)::text
        END AS orders,
        pg_catalog.json_object_agg(y.attnum, y.target ORDER BY y.attnum)
            FILTER (WHERE y.target IS NOT NULL)::text AS statistics
    FROM (
        SELECT a.attnum,
            a.attnum <= i.indnkeyatts AS key,
            -- a column is what its table calls it; only expressions have to be printed
            COALESCE(pg_catalog.quote_ident(tk.attname), pg_catalog.pg_get_indexdef(i.indexrelid, a.attnum, false)) AS expression,
            (
                -- looked up once for all
                SELECT pg_catalog.jsonb_object_agg(oc.oid::text, pg_catalog.format('%I.%I', ocn.nspname, oc.opcname))
                FROM pg_catalog.pg_opclass oc
                JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace
            ) ->> i.indclass[a.attnum - 1]::text AS opclass,
            CASE WHEN a.attoptions IS NOT NULL THEN (
                SELECT pg_catalog.json_agg(u.o ORDER BY u.o COLLATE pg_catalog."C")
                FROM pg_catalog.unnest(a.attoptions) u(o)
                WHERE NOT pg_catalog.starts_with(u.o, 'pg_attver=')
            ) END AS options,
            -- 100: the default collation
            CASE WHEN i.indcollation[a.attnum - 1] NOT IN (0, 100) THEN (
                SELECT pg_catalog.format('%I.%I', con.nspname, co.collname)
                FROM pg_catalog.pg_collation co
                JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
                WHERE co.oid = i.indcollation[a.attnum - 1]
            ) END AS collation,
            CASE i.indoption[a.attnum - 1]
                WHEN 1 THEN 'desc nulls last'
                WHEN 2 THEN 'asc nulls first'
                WHEN 3 THEN 'desc'
            END AS direction,
            NULLIF(a.attstattarget, -1) AS target
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attribute tk ON tk.attrelid = i.indrelid AND tk.attnum = i.indkey[a.attnum - 1] AND tk.attnum <> 0
        WHERE a.attrelid = i.indexrelid AND a.attnum > 0
    ) y
) x
WHERE c.relkind IN ('i', 'I') AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
  AND i.indrelid = ANY ($1::oid[]) -- of some
