-- Row security policies.
SELECT
    p.tableoid::text || '.' || p.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    p.polname::text AS key_3,
    CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' END AS command,
    CASE WHEN NOT p.polpermissive THEN 'true' END AS restrictive,
    -- 0: PUBLIC
    CASE WHEN p.polroles <> '{0}'::oid[] THEN pg_catalog.to_json(ARRAY(
        SELECT pg_catalog.pg_get_userbyid(u.role)::text
        FROM pg_catalog.unnest(p.polroles) u(role)
        ORDER BY pg_catalog.pg_get_userbyid(u.role)::text COLLATE pg_catalog."C"
    ))::text END AS roles,
    CASE WHEN p.polqual IS NOT NULL THEN pg_catalog.pg_get_expr(p.polqual, p.polrelid) END AS using,
    CASE WHEN p.polwithcheck IS NOT NULL THEN pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) END AS check
FROM pg_catalog.pg_policy p
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
