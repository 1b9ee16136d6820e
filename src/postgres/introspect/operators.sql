-- Operators, and the shells that wait for one.
SELECT ARRAY[
    o.tableoid::text || '.' || o.oid::text || '.0',
    n.nspname::text,
    o.oprname::text,
    CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END,
    CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END,
    CASE WHEN o.oprcode = 0 THEN 'true' END,
    CASE WHEN o.oprcode <> 0 THEN o.oprcode::regprocedure::text END,
    CASE WHEN o.oprresult <> 0 THEN pg_catalog.format_type(o.oprresult, NULL) END,
    CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END,
    CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END,
    CASE WHEN o.oprrest <> 0 THEN o.oprrest::text END,
    CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::text END,
    CASE WHEN o.oprcanhash THEN 'true' END,
    CASE WHEN o.oprcanmerge THEN 'true' END,
    pg_catalog.pg_get_userbyid(o.oprowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
