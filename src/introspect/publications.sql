-- Publications.
SELECT
    p.tableoid::text || '.' || p.oid::text || '.0' AS address,
    p.pubname::text AS key_1,
    CASE WHEN p.puballtables THEN 'true' END AS all_tables,
    CASE WHEN NOT p.pubinsert THEN 'true' END AS no_insert,
    CASE WHEN NOT p.pubupdate THEN 'true' END AS no_update,
    CASE WHEN NOT p.pubdelete THEN 'true' END AS no_delete,
    CASE WHEN NOT p.pubtruncate THEN 'true' END AS no_truncate,
    CASE WHEN p.pubviaroot THEN 'true' END AS via_root,
    NULL AS generated_columns, -- before 18
    CASE p.pubgencols WHEN 's' THEN 'stored' END AS generated_columns, -- from 18
    pg_catalog.pg_get_userbyid(p.pubowner)::text AS owner
FROM pg_catalog.pg_publication p
