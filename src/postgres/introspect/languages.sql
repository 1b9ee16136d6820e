-- Procedural languages, the built-in ones and plpgsql as PostgreSQL comes with it left out.
SELECT ARRAY[
    l.tableoid::text || '.' || l.oid::text || '.0',
    l.lanname::text,
    CASE WHEN NOT l.lanpltrusted THEN 'true' END,
    CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc::text END,
    CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END,
    CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END,
    pg_catalog.pg_get_userbyid(l.lanowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_language l
WHERE l.oid >= 16384
