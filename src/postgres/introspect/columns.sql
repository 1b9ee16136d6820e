-- Columns of tables, views, materialized views and foreign tables; dropped ones left out.
SELECT ARRAY[
    c.tableoid::text || '.' || c.oid::text || '.' || a.attnum::text,
    n.nspname::text,
    c.relname::text,
    a.attname::text,
    (a.attnum - CASE WHEN gone.columns IS NULL THEN 0 ELSE (
        SELECT pg_catalog.count(*) FROM pg_catalog.unnest(gone.columns) u(attnum) WHERE u.attnum < a.attnum
    ) END)::text,
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    tn.nspname::text,
    t.typname::text,
    en.nspname::text,
    e.typname::text,
    bn.nspname::text,
    b.typname::text,
    ben.nspname::text,
    be.typname::text,
    CASE WHEN a.attnotnull THEN 'true' END,
    CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'true' END,
    -- what information_schema calls character_maximum_length
    CASE
        WHEN t.typtype = 'd' AND t.typtypmod = -1 THEN NULL
        WHEN t.typtype = 'd' AND t.typbasetype IN (1042, 1043) THEN (t.typtypmod - 4)::text
        WHEN t.typtype = 'd' AND t.typbasetype IN (1560, 1562) THEN t.typtypmod::text
        WHEN t.typtype = 'd' OR a.atttypmod = -1 THEN NULL
        WHEN a.atttypid IN (1042, 1043) THEN (a.atttypmod - 4)::text
        WHEN a.atttypid IN (1560, 1562) THEN a.atttypmod::text
    END,
    CASE WHEN a.atthasdef THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    CASE WHEN a.attcollation <> t.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END,
    CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'plain'
        WHEN 'e' THEN 'external'
        WHEN 'm' THEN 'main'
        WHEN 'x' THEN 'extended'
    END END,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
    NULLIF(a.attstattarget, -1)::text,
    -- pg_attver: set by PostgreSQL itself since the end of 2026 (15.20), different in every database
    CASE WHEN a.attoptions IS NOT NULL THEN (
        SELECT pg_catalog.json_agg(u.o ORDER BY u.o COLLATE pg_catalog."C")::text
        FROM pg_catalog.unnest(a.attoptions) u(o)
        WHERE NOT pg_catalog.starts_with(u.o, 'pg_attver=')
    ) END,
    CASE WHEN pg_catalog.cardinality(a.attfdwoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(a.attfdwoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END,
    CASE WHEN a.attinhcount > 0 AND NOT a.attislocal THEN 'true' END,
    NULLIF(a.attinhcount, 0)::text
]::text[] AS "row"
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
