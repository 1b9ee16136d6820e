SELECT (CASE
    WHEN EXISTS (SELECT FROM pg_catalog.pg_locks k WHERE k.locktype = 'advisory' AND k.granted AND k.pid = $2 AND k.objsubid = 1
        AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND (k.classid::pg_catalog.int8 << 32) | k.objid::pg_catalog.int8 = $1) THEN '1'
    ELSE 'the migration lock was lost to another run'
END)::pg_catalog.int4
