-- What needs what: the address that depends, the address that it depends on, how. Neither end came with PostgreSQL, nor is it
-- the index of a TOAST table (99: pg_toast). touched.sql sums up the same rows.
SELECT ARRAY[
    d.classid::text || '.' || d.objid::text || '.' || d.objsubid::text,
    d.refclassid::text || '.' || d.refobjid::text || '.' || d.refobjsubid::text,
    d.deptype::text
]::text[] AS "row"
FROM pg_catalog.pg_depend d
WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'x')
  AND d.refobjid NOT IN (SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relnamespace = 99)
  AND ( -- of some
    pg_catalog.age(d.xmin) <= (SELECT pg_catalog.age($2::text::xid)) -- of some
    OR d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = ANY ($1::oid[]) -- of some
    OR d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = ANY ($1::oid[]) -- of some
  ) -- of some
