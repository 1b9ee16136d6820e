-- Access methods, the built-in ones left out.
SELECT
    a.tableoid::text || '.' || a.oid::text || '.0' AS address,
    a.amname::text AS key_1,
    CASE a.amtype WHEN 't' THEN 'table' WHEN 'i' THEN 'index' END AS type,
    a.amhandler::text AS handler
FROM pg_catalog.pg_am a
WHERE a.oid >= 16384
