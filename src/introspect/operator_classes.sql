-- Operator classes, with the operators and functions that belong to them.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    am.amname::text AS key_2,
    c.opcname::text AS key_3,
    pg_catalog.format('%I.%I', fn.nspname, f.opfname) AS family,
    pg_catalog.format_type(c.opcintype, NULL) AS input,
    CASE WHEN c.opcdefault THEN 'true' END AS default,
    CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END AS storage,
    -- [strategy, operator, operator family it sorts by]
    (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
            o.amopstrategy, o.amopopr::regoperator::text,
            CASE WHEN sf.oid IS NOT NULL THEN pg_catalog.format('%I.%I', sn.nspname, sf.opfname) END
        ) ORDER BY o.amopstrategy, o.amopopr::regoperator::text COLLATE pg_catalog."C")::text
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_amop o ON o.oid = d.objid
        LEFT JOIN pg_catalog.pg_opfamily sf ON sf.oid = o.amopsortfamily
        LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = sf.opfnamespace
        WHERE d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = c.oid
          AND d.classid = 'pg_catalog.pg_amop'::regclass
    ) AS operators,
    -- [number, left type, right type, function]
    (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
            s.amprocnum, pg_catalog.format_type(s.amproclefttype, NULL),
            pg_catalog.format_type(s.amprocrighttype, NULL), s.amproc::regprocedure::text
        ) ORDER BY s.amprocnum, pg_catalog.format_type(s.amproclefttype, NULL) COLLATE pg_catalog."C",
            pg_catalog.format_type(s.amprocrighttype, NULL) COLLATE pg_catalog."C")::text
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_amproc s ON s.oid = d.objid
        WHERE d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = c.oid
          AND d.classid = 'pg_catalog.pg_amproc'::regclass
    ) AS functions,
    pg_catalog.pg_get_userbyid(c.opcowner)::text AS owner
FROM pg_catalog.pg_opclass c
JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod
JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
