-- Publications.
SELECT ARRAY[
    p.tableoid::text || '.' || p.oid::text || '.0',
    p.pubname::text,
    CASE WHEN p.puballtables THEN 'true' END,
    CASE WHEN NOT p.pubinsert THEN 'true' END,
    CASE WHEN NOT p.pubupdate THEN 'true' END,
    CASE WHEN NOT p.pubdelete THEN 'true' END,
    CASE WHEN NOT p.pubtruncate THEN 'true' END,
    CASE WHEN p.pubviaroot THEN 'true' END,
    NULL, -- before 18
    CASE p.pubgencols WHEN 's' THEN 'stored' END, -- from 18
    pg_catalog.pg_get_userbyid(p.pubowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_publication p
