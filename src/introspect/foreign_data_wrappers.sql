-- Foreign data wrappers.
SELECT
    w.tableoid::text || '.' || w.oid::text || '.0' AS address,
    w.fdwname::text AS key_1,
    CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END AS handler,
    CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END AS validator,
    CASE WHEN pg_catalog.cardinality(w.fdwoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(w.fdwoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS options,
    pg_catalog.pg_get_userbyid(w.fdwowner)::text AS owner
FROM pg_catalog.pg_foreign_data_wrapper w
WHERE w.oid >= 16384
