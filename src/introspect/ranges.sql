-- Range types, each with its multirange type.
SELECT
    t.tableoid::text || '.' || t.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    t.typname::text AS key_2,
    pg_catalog.format_type(r.rngsubtype, NULL) AS subtype,
    pg_catalog.format('%I.%I', ocn.nspname, oc.opcname) AS opclass,
    CASE WHEN r.rngcollation <> st.typcollation
        THEN pg_catalog.format('%I.%I', con.nspname, co.collname) END AS collation,
    CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END AS canonical,
    CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END AS subtype_diff,
    pg_catalog.format('%I.%I', mn.nspname, m.typname) AS multirange,
    -- a type that was renamed is still made by functions of its old name
    pg_catalog.format('%I.%I', f.nspname, f.proname) AS constructor,
    pg_catalog.pg_get_userbyid(t.typowner)::text AS owner
FROM pg_catalog.pg_range r
JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_type st ON st.oid = r.rngsubtype
JOIN pg_catalog.pg_opclass oc ON oc.oid = r.rngsubopc
JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid
LEFT JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
LEFT JOIN pg_catalog.pg_collation co ON co.oid = r.rngcollation
LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
CROSS JOIN LATERAL (
    SELECT fn.nspname, p.proname
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.pronargs = 2
    JOIN pg_catalog.pg_namespace fn ON fn.oid = p.pronamespace
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'i'
      AND d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = t.oid
) f
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
