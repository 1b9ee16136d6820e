-- A function of somebody's own that upkeep of these relations could run, if there is one. $1: their oids; empty for all of the
-- database. Followed is what the server would evaluate: expressions and conditions of indexes, operator classes, extended statistics,
-- domains. Functions in C need a superuser, and are taken for what they are.
WITH RECURSIVE named AS (
    SELECT o::text::oid AS oid FROM jsonb_array_elements_text($1::text::jsonb) o
),
tree AS (
    SELECT oid FROM named
    UNION ALL
    SELECT c.oid FROM pg_catalog.pg_class c WHERE NOT EXISTS (SELECT FROM named) AND c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
),
evaluated (classid, objid) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid FROM pg_catalog.pg_index i JOIN tree t ON t.oid IN (i.indrelid, i.indexrelid)
    UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::regclass::oid, s.oid FROM pg_catalog.pg_statistic_ext s JOIN tree t ON t.oid = s.stxrelid
),
reached (classid, objid) AS (
    SELECT d.refclassid, d.refobjid
    FROM evaluated e
    JOIN pg_catalog.pg_depend d ON d.classid = e.classid AND d.objid = e.objid
    WHERE d.refobjid >= 16384
        AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_opclass'::regclass,
            'pg_catalog.pg_opfamily'::regclass, 'pg_catalog.pg_type'::regclass)
    UNION
    SELECT n.classid, n.objid
    FROM reached r
    CROSS JOIN LATERAL (
        SELECT 'pg_catalog.pg_proc'::regclass::oid AS classid, o.oprcode::oid AS objid FROM pg_catalog.pg_operator o
        WHERE r.classid = 'pg_catalog.pg_operator'::regclass AND o.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_opfamily'::regclass::oid, o.opcfamily FROM pg_catalog.pg_opclass o
        WHERE r.classid = 'pg_catalog.pg_opclass'::regclass AND o.oid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_proc'::regclass::oid, m.amproc::oid FROM pg_catalog.pg_amproc m
        WHERE r.classid = 'pg_catalog.pg_opfamily'::regclass AND m.amprocfamily = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_operator'::regclass::oid, m.amopopr FROM pg_catalog.pg_amop m
        WHERE r.classid = 'pg_catalog.pg_opfamily'::regclass AND m.amopfamily = r.objid
        UNION ALL
        -- the checks of a domain, the parts of a composite type, the base of an array
        SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = c.oid
        WHERE r.classid = 'pg_catalog.pg_type'::regclass AND c.contypid = r.objid
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass::oid, part.oid FROM pg_catalog.pg_type y
        CROSS JOIN LATERAL (
            SELECT y.typelem UNION ALL SELECT y.typbasetype
            UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) part (oid)
        WHERE r.classid = 'pg_catalog.pg_type'::regclass AND y.oid = r.objid
        UNION ALL
        -- a function without a text of its own, and types that are made of functions
        SELECT 'pg_catalog.pg_proc'::regclass::oid, f.oid FROM pg_catalog.pg_type y
        CROSS JOIN LATERAL (VALUES (y.typinput::oid), (y.typoutput::oid), (y.typanalyze::oid)) f (oid)
        WHERE r.classid = 'pg_catalog.pg_type'::regclass AND y.oid = r.objid
    ) n
    WHERE n.objid >= 16384
)
SELECT ARRAY[p.oid::regprocedure::text] AS "row"
FROM reached r
JOIN pg_catalog.pg_proc p ON r.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = r.objid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'internal')
ORDER BY 1
LIMIT 1
