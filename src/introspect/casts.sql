-- Casts, without the one from a range type to its multirange type.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    pg_catalog.format_type(c.castsource, NULL) AS key_1,
    pg_catalog.format_type(c.casttarget, NULL) AS key_2,
    CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function,
    CASE c.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' END AS context,
    CASE c.castmethod WHEN 'b' THEN 'binary' WHEN 'i' THEN 'inout' END AS method
FROM pg_catalog.pg_cast c
WHERE c.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget
)
