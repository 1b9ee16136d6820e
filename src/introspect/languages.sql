-- Procedural languages, the built-in ones and plpgsql as PostgreSQL comes with it left out.
SELECT
    l.tableoid::text || '.' || l.oid::text || '.0' AS address,
    l.lanname::text AS key_1,
    CASE WHEN NOT l.lanpltrusted THEN 'true' END AS untrusted,
    CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc::text END AS handler,
    CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END AS inline,
    CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END AS validator,
    pg_catalog.pg_get_userbyid(l.lanowner)::text AS owner
FROM pg_catalog.pg_language l
WHERE l.oid >= 16384
