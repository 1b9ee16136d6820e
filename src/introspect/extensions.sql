-- Extensions, without plpgsql as PostgreSQL comes with it. The version is said where it is not the one that CREATE EXTENSION takes here; from
-- and to which others there are updates, too, for that takes long to find out.
SELECT
    e.tableoid::text || '.' || e.oid::text || '.0' AS address,
    e.extname::text AS key_1,
    n.nspname::text AS schema,
    CASE WHEN e.extversion IS DISTINCT FROM a.default_version THEN e.extversion END AS version,
    pg_catalog.pg_get_userbyid(e.extowner)::text AS owner,
    CASE WHEN pg_catalog.cardinality(e.extconfig) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT pg_catalog.json_build_array(pg_catalog.format('%I.%I', cn.nspname, c.relname), u.condition)
        FROM ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) u(relation, condition)
        JOIN pg_catalog.pg_class c ON c.oid = u.relation
        JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
        ORDER BY cn.nspname, c.relname
    ))::text END AS configuration,
    e.extversion AS installed,
    CASE WHEN e.extversion IS DISTINCT FROM a.default_version THEN (
        SELECT pg_catalog.json_agg(p.source ORDER BY p.source)
        FROM pg_catalog.pg_extension_update_paths(e.extname) p
        WHERE p.target = e.extversion AND p.path IS NOT NULL
    )::text END AS update_from,
    CASE WHEN e.extversion IS DISTINCT FROM a.default_version THEN (
        SELECT pg_catalog.json_agg(p.target ORDER BY p.target)
        FROM pg_catalog.pg_extension_update_paths(e.extname) p
        WHERE p.source = e.extversion AND p.path IS NOT NULL
    )::text END AS update_to
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions() a ON a.name = e.extname
WHERE e.oid >= 16384
