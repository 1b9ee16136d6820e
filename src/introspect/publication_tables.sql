-- Tables that publications name.
SELECT
    r.tableoid::text || '.' || r.oid::text || '.0' AS address,
    p.pubname::text AS key_1,
    n.nspname::text AS key_2,
    c.relname::text AS key_3,
    NULL AS columns, -- before 15
    CASE WHEN r.prattrs IS NOT NULL THEN pg_catalog.to_json(ARRAY( -- from 15
        SELECT a.attname::text -- from 15
        FROM pg_catalog.unnest(r.prattrs::int2[]) u(attnum) -- from 15
        JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = u.attnum -- from 15
        ORDER BY a.attnum -- from 15
    ))::text END AS columns, -- from 15
    NULL AS condition -- before 15
    CASE WHEN r.prqual IS NOT NULL THEN pg_catalog.pg_get_expr(r.prqual, r.prrelid) END AS condition -- from 15
FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
