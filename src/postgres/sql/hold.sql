-- $1: the key of the migration lock.
SELECT ARRAY[(CASE
    WHEN pg_catalog.pg_try_advisory_xact_lock($1::text::bigint) THEN '1'
    ELSE 'the migration lock was lost to another run'
END)::integer::text] AS "row"
