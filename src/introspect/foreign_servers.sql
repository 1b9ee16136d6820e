-- Foreign servers.
SELECT
    s.tableoid::text || '.' || s.oid::text || '.0' AS address,
    s.srvname::text AS key_1,
    w.fdwname::text AS wrapper,
    s.srvtype AS type,
    s.srvversion AS version,
    CASE WHEN pg_catalog.cardinality(s.srvoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(s.srvoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS options,
    pg_catalog.pg_get_userbyid(s.srvowner)::text AS owner
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
