-- Operator families, with those members that belong to none of their operator classes.
SELECT
    f.tableoid::text || '.' || f.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    am.amname::text AS key_2,
    f.opfname::text AS key_3,
    -- [strategy, operator, operator family it sorts by]
    (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
            o.amopstrategy, o.amopopr::regoperator::text,
            CASE WHEN sf.oid IS NOT NULL THEN pg_catalog.format('%I.%I', sn.nspname, sf.opfname) END
        ) ORDER BY o.amopstrategy, o.amopopr::regoperator::text COLLATE pg_catalog."C")::text
        FROM pg_catalog.pg_amop o
        LEFT JOIN pg_catalog.pg_opfamily sf ON sf.oid = o.amopsortfamily
        LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = sf.opfnamespace
        WHERE o.amopfamily = f.oid AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_amop'::regclass AND d.objid = o.oid
              AND d.refclassid = 'pg_catalog.pg_opclass'::regclass
        )
    ) AS operators,
    -- [number, left type, right type, function]
    (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
            s.amprocnum, pg_catalog.format_type(s.amproclefttype, NULL),
            pg_catalog.format_type(s.amprocrighttype, NULL), s.amproc::regprocedure::text
        ) ORDER BY s.amprocnum, pg_catalog.format_type(s.amproclefttype, NULL) COLLATE pg_catalog."C",
            pg_catalog.format_type(s.amprocrighttype, NULL) COLLATE pg_catalog."C")::text
        FROM pg_catalog.pg_amproc s
        WHERE s.amprocfamily = f.oid AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_amproc'::regclass AND d.objid = s.oid
              AND d.refclassid = 'pg_catalog.pg_opclass'::regclass
        )
    ) AS functions,
    pg_catalog.pg_get_userbyid(f.opfowner)::text AS owner
FROM pg_catalog.pg_opfamily f
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
