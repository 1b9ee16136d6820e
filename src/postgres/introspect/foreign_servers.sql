-- Foreign servers.
SELECT ARRAY[
    s.tableoid::text || '.' || s.oid::text || '.0',
    s.srvname::text,
    w.fdwname::text,
    s.srvtype,
    s.srvversion,
    CASE WHEN pg_catalog.cardinality(s.srvoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(s.srvoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END,
    pg_catalog.pg_get_userbyid(s.srvowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
