-- Access methods, the built-in ones left out.
SELECT ARRAY[
    a.tableoid::text || '.' || a.oid::text || '.0',
    a.amname::text,
    CASE a.amtype WHEN 't' THEN 'table' WHEN 'i' THEN 'index' END,
    a.amhandler::text
]::text[] AS "row"
FROM pg_catalog.pg_am a
WHERE a.oid >= 16384
