-- User mappings. The view shows their options only to those who may know them.
SELECT
    'pg_catalog.pg_user_mapping'::regclass::oid::text || '.' || m.umid::text || '.0' AS address,
    m.srvname::text AS key_1,
    CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(m.umuser)::text END AS key_2,
    CASE WHEN pg_catalog.cardinality(m.umoptions) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(m.umoptions) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS options
FROM pg_catalog.pg_user_mappings m
