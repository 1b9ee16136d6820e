(CASE
    WHEN pg_catalog.pg_try_advisory_xact_lock($1) THEN '1'
    ELSE 'the migration lock was lost to another run'
END)::pg_catalog.int4
