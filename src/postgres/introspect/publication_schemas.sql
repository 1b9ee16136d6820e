-- Schemas that publications name; there are none before 15.
SELECT ARRAY[
    '0.0.0', -- before 15
    s.tableoid::text || '.' || s.oid::text || '.0', -- from 15
    p.pubname::text,
    n.nspname::text
]::text[] AS "row"
FROM pg_catalog.pg_publication p
JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid -- from 15
JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid -- from 15
JOIN pg_catalog.pg_namespace n ON false -- before 15
