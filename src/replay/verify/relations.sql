-- The relations that ledgers are made of: tables with what hangs on them, their indexes and sequences, and the tracking
-- tables. $1: [[schema, table], …].
WITH RECURSIVE tree (oid) AS (
    SELECT c.oid
    FROM jsonb_array_elements($1::text::jsonb) d (names)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
    UNION
    SELECT i.inhrelid
    FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
)
SELECT ARRAY[oid::text] AS "row"
FROM (
    SELECT oid FROM tree
    UNION
    SELECT d.objid
    FROM tree t
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid
        AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION
    SELECT d.refobjid
    FROM tree t
    JOIN pg_catalog.pg_attrdef f ON f.adrelid = t.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass
    UNION
    SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname IN ('__diesel_schema_migrations', '__glowplug_journal')
) r
