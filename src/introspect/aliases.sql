-- Addresses in pg_depend, pg_description and ACLs that are part of something else, and the address of that.
SELECT ARRAY[a.part, a.whole]::text[] AS "row"
FROM (
    -- a default: its column
    SELECT d.tableoid::text || '.' || d.oid::text || '.0',
        'pg_catalog.pg_class'::regclass::oid::text || '.' || d.adrelid::text || '.' || d.adnum::text
    FROM pg_catalog.pg_attrdef d
    WHERE d.adrelid = ANY ($1::oid[]) -- of some
    UNION ALL
    -- the rule that a view is made of: the view
    SELECT r.tableoid::text || '.' || r.oid::text || '.0',
        'pg_catalog.pg_class'::regclass::oid::text || '.' || r.ev_class::text || '.0'
    FROM pg_catalog.pg_rewrite r
    WHERE r.rulename = '_RETURN' AND r.oid >= 16384
      AND r.ev_class = ANY ($1::oid[]) -- of some
    UNION ALL
    -- a row type: its relation
    SELECT t.tableoid::text || '.' || t.oid::text || '.0',
        c.tableoid::text || '.' || c.oid::text || '.0'
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE t.oid >= 16384 AND c.relkind <> 'c'
      AND c.oid = ANY ($1::oid[]) -- of some
    UNION ALL
    -- the relation of a composite type that stands alone: the type
    SELECT c.tableoid::text || '.' || c.oid::text || '.0',
        'pg_catalog.pg_type'::regclass::oid::text || '.' || c.reltype::text || '.0'
    FROM pg_catalog.pg_class c
    WHERE c.oid >= 16384 AND c.relkind = 'c'
    UNION ALL
    -- a multirange type: its range type
    SELECT 'pg_catalog.pg_type'::regclass::oid::text || '.' || r.rngmultitypid::text || '.0',
        'pg_catalog.pg_type'::regclass::oid::text || '.' || r.rngtypid::text || '.0'
    FROM pg_catalog.pg_range r
    WHERE r.rngtypid >= 16384
    UNION ALL
    -- an array type: what its elements stand for
    SELECT t.tableoid::text || '.' || t.oid::text || '.0',
        CASE
            WHEN c.oid IS NOT NULL THEN c.tableoid::text || '.' || c.oid::text || '.0'
            ELSE e.tableoid::text || '.' || COALESCE(r.rngtypid, e.oid)::text || '.0'
        END
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = e.typrelid AND c.relkind <> 'c'
    LEFT JOIN pg_catalog.pg_range r ON e.typtype = 'm' AND r.rngmultitypid = e.oid
    WHERE t.oid >= 16384
      AND (c.oid IS NULL OR c.oid = ANY ($1::oid[])) -- of some
    UNION ALL
    -- what comes into being with a range type (constructors, the cast to the multirange type): the range type
    SELECT d.classid::text || '.' || d.objid::text || '.0',
        d.refclassid::text || '.' || COALESCE(r.rngtypid, d.refobjid)::text || '.0'
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_type t ON t.oid = d.refobjid AND t.typtype IN ('r', 'm')
    LEFT JOIN pg_catalog.pg_range r ON t.typtype = 'm' AND r.rngmultitypid = t.oid
    WHERE d.refclassid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'i' AND d.objid >= 16384
      AND d.classid = 'pg_catalog.pg_proc'::regclass
    UNION ALL
    SELECT c.tableoid::text || '.' || c.oid::text || '.0',
        'pg_catalog.pg_type'::regclass::oid::text || '.' || r.rngtypid::text || '.0'
    FROM pg_catalog.pg_cast c
    JOIN pg_catalog.pg_range r ON r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget
    WHERE c.oid >= 16384
    UNION ALL
    -- a member of an operator family: the operator class that it belongs to, or else the family
    SELECT o.tableoid::text || '.' || o.oid::text || '.0',
        COALESCE(
            (
                SELECT d.refclassid::text || '.' || d.refobjid::text || '.0'
                FROM pg_catalog.pg_depend d
                WHERE d.classid = o.tableoid AND d.objid = o.oid
                  AND d.refclassid = 'pg_catalog.pg_opclass'::regclass
            ),
            'pg_catalog.pg_opfamily'::regclass::oid::text || '.' || o.amopfamily::text || '.0'
        )
    FROM pg_catalog.pg_amop o
    WHERE o.oid >= 16384
    UNION ALL
    SELECT s.tableoid::text || '.' || s.oid::text || '.0',
        COALESCE(
            (
                SELECT d.refclassid::text || '.' || d.refobjid::text || '.0'
                FROM pg_catalog.pg_depend d
                WHERE d.classid = s.tableoid AND d.objid = s.oid
                  AND d.refclassid = 'pg_catalog.pg_opclass'::regclass
            ),
            'pg_catalog.pg_opfamily'::regclass::oid::text || '.' || s.amprocfamily::text || '.0'
        )
    FROM pg_catalog.pg_amproc s
    WHERE s.oid >= 16384
) a(part, whole)
