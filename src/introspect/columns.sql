-- Columns of tables, views, materialized views and foreign tables; dropped ones left out.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.' || a.attnum::text AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    a.attname::text AS key_3,
    (a.attnum - CASE WHEN gone.columns IS NULL THEN 0 ELSE (
        SELECT pg_catalog.count(*) FROM pg_catalog.unnest(gone.columns) u(attnum) WHERE u.attnum < a.attnum
    ) END)::text AS position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    tn.nspname::text AS type_schema,
    t.typname::text AS type_name,
    en.nspname::text AS element_schema,
    e.typname::text AS element_name,
    bn.nspname::text AS base_schema,
    b.typname::text AS base_name,
    ben.nspname::text AS base_element_schema,
    be.typname::text AS base_element_name,
    CASE WHEN a.attnotnull THEN 'true' END AS not_null,
    CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'true' END AS domain_not_null,
    -- what information_schema calls character_maximum_length
    CASE
        WHEN t.typtype = 'd' AND t.typtypmod = -1 THEN NULL
        WHEN t.typtype = 'd' AND t.typbasetype IN (1042, 1043) THEN (t.typtypmod - 4)::text
        WHEN t.typtype = 'd' AND t.typbasetype IN (1560, 1562) THEN t.typtypmod::text
        WHEN t.typtype = 'd' OR a.atttypmod = -1 THEN NULL
        WHEN a.atttypid IN (1042, 1043) THEN (a.atttypmod - 4)::text
        WHEN a.atttypid IN (1560, 1562) THEN a.atttypmod::text
    END AS max_length,
    CASE WHEN a.atthasdef THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS default,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
    CASE WHEN a.attcollation <> t.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END AS collation,
    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'plain'
        WHEN 'e' THEN 'external'
        WHEN 'm' THEN 'main'
        WHEN 'x' THEN 'extended'
    END END AS storage,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
    NULLIF(a.attstattarget, -1)::text AS statistics_target,
    -- pg_attver: set by PostgreSQL itself since the end of 2026 (15.20), different in every database
    CASE WHEN a.attoptions IS NOT NULL THEN (
        SELECT pg_catalog.json_agg(u.o ORDER BY u.o COLLATE pg_catalog."C")::text
        FROM pg_catalog.unnest(a.attoptions) u(o)
        WHERE NOT pg_catalog.starts_with(u.o, 'pg_attver=')
    ) END AS options,
    CASE WHEN pg_catalog.cardinality(a.attfdwoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(a.attfdwoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS foreign_options,
    CASE WHEN a.attinhcount > 0 AND NOT a.attislocal THEN 'true' END AS inherited,
    NULLIF(a.attinhcount, 0)::text AS inherit_count
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN (
    SELECT ga.attrelid, pg_catalog.array_agg(ga.attnum) AS columns
    FROM pg_catalog.pg_attribute ga
    WHERE ga.attisdropped
    GROUP BY ga.attrelid
) gone ON gone.attrelid = a.attrelid
-- int2vector has elements, and is no array of them
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace
LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_catalog.pg_type be ON be.oid = b.typelem AND be.typarray = b.oid
LEFT JOIN pg_catalog.pg_namespace ben ON ben.oid = be.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
  AND a.attrelid = ANY ($1::oid[]) -- of some
