-- Operators, and the shells that wait for one.
SELECT
    o.tableoid::text || '.' || o.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    o.oprname::text AS key_2,
    CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END AS key_3,
    CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END AS key_4,
    CASE WHEN o.oprcode = 0 THEN 'true' END AS shell,
    CASE WHEN o.oprcode <> 0 THEN o.oprcode::regprocedure::text END AS function,
    CASE WHEN o.oprresult <> 0 THEN pg_catalog.format_type(o.oprresult, NULL) END AS result,
    CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END AS commutator,
    CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END AS negator,
    CASE WHEN o.oprrest <> 0 THEN o.oprrest::text END AS restrict,
    CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::text END AS join,
    CASE WHEN o.oprcanhash THEN 'true' END AS hashes,
    CASE WHEN o.oprcanmerge THEN 'true' END AS merges,
    pg_catalog.pg_get_userbyid(o.oprowner)::text AS owner
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
