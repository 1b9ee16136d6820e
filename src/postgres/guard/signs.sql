-- By what a change of rows shows, for each ledger that is there. $1: [[schema, table], …].
WITH RECURSIVE tree AS (
    SELECT d.place, c.oid, 0 AS depth
    FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY d (names, place)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
    UNION
    SELECT t.place, i.inhrelid, t.depth + 1 FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid WHERE t.depth < 16
),
rel AS (
    SELECT DISTINCT t.place, c.oid, c.relkind, c.reltoastrelid
    FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid
)
SELECT ARRAY[(r.place - 1)::text,
    (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()),
    pg_current_snapshot()::text,
    COALESCE(sum(pg_stat_get_tuples_updated(r.oid)), 0)::bigint::text,
    COALESCE(sum(pg_stat_get_tuples_deleted(r.oid)), 0)::bigint::text,
    COALESCE(sum(pg_stat_get_tuples_inserted(r.oid)), 0)::bigint::text,
    COALESCE((SELECT to_char(timezone('UTC', pg_stat_get_db_stat_reset_time(d.oid)), 'YYYY-MM-DD HH24:MI:SS.US')
        FROM pg_catalog.pg_database d WHERE d.datname = current_database()), ''),
    encode(sha256(convert_to(COALESCE(string_agg(concat_ws(':', r.oid, pg_relation_filenode(r.oid), NULLIF(r.reltoastrelid, 0),
        CASE WHEN r.reltoastrelid <> 0 THEN pg_relation_filenode(r.reltoastrelid) END), ',' ORDER BY r.oid), ''), 'UTF8')), 'hex'),
    encode(sha256(convert_to(concat_ws(';',
        (SELECT string_agg(concat_ws(':', t.oid, t.xmin, t.ctid, t.tgenabled), ',' ORDER BY t.oid)
            FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY (array_agg(r.oid))),
        (SELECT string_agg(concat_ws(':', a.attrelid, a.attnum, a.xmin, a.ctid), ',' ORDER BY a.attrelid, a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY (array_agg(r.oid)) AND a.attnum > 0)), 'UTF8')), 'hex'),
    COALESCE(sum(CASE WHEN r.relkind IN ('r', 'm') THEN pg_relation_size(r.oid) / 8192 END), 0)::bigint::text] AS "row"
FROM rel r
GROUP BY r.place
ORDER BY r.place
