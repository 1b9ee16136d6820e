-- What needs what: the address that depends, the address that it depends on, how. Neither end came with PostgreSQL.
SELECT ARRAY[
    d.classid::text || '.' || d.objid::text || '.' || d.objsubid::text,
    d.refclassid::text || '.' || d.refobjid::text || '.' || d.refobjsubid::text,
    d.deptype::text
]::text[] AS "row"
FROM (
    SELECT DISTINCT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
    FROM pg_catalog.pg_depend d
    WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'x')
) d
