-- Foreign data wrappers.
SELECT ARRAY[
    w.tableoid::text || '.' || w.oid::text || '.0',
    w.fdwname::text,
    CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END,
    CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END,
    CASE WHEN pg_catalog.cardinality(w.fdwoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(w.fdwoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END,
    pg_catalog.pg_get_userbyid(w.fdwowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_foreign_data_wrapper w
WHERE w.oid >= 16384
