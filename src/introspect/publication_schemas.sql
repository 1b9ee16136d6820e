-- Schemas that publications name; there are none before 15.
SELECT
    '0.0.0' AS address, -- before 15
    s.tableoid::text || '.' || s.oid::text || '.0' AS address, -- from 15
    p.pubname::text AS key_1,
    n.nspname::text AS key_2
FROM pg_catalog.pg_publication p
JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid -- from 15
JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid -- from 15
JOIN pg_catalog.pg_namespace n ON false -- before 15
