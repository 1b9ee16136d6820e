-- How many rows of the system catalogs each relation consists of, and whether one of them was written since transaction $1.
-- What an index consists of counts for its table. The first row says from which transaction on everything is new.
SELECT ARRAY['', pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text, NULL]::text[] AS "row"
UNION ALL
SELECT ARRAY[
    r.relation::text,
    pg_catalog.count(*)::text,
    CASE WHEN pg_catalog.bool_or(pg_catalog.age(r.written) <= pg_catalog.age($1::text::xid)) THEN 'true' END
]::text[]
FROM (
    SELECT COALESCE(i.indrelid, c.oid) AS relation, c.xmin AS written
    FROM pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    UNION ALL
    SELECT c.oid, t.xmin
    FROM pg_catalog.pg_class t
    JOIN pg_catalog.pg_class c ON c.reltoastrelid = t.oid
    UNION ALL
    SELECT COALESCE(i.indrelid, a.attrelid), a.xmin
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = a.attrelid
    UNION ALL
    SELECT COALESCE(i.indrelid, h.inhrelid), h.xmin
    FROM pg_catalog.pg_inherits h
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = h.inhrelid
    UNION ALL
    SELECT d.adrelid, d.xmin FROM pg_catalog.pg_attrdef d
    UNION ALL
    SELECT k.conrelid, k.xmin FROM pg_catalog.pg_constraint k
    UNION ALL
    SELECT i.indrelid, i.xmin FROM pg_catalog.pg_index i
    UNION ALL
    SELECT p.partrelid, p.xmin FROM pg_catalog.pg_partitioned_table p
    UNION ALL
    SELECT f.ftrelid, f.xmin FROM pg_catalog.pg_foreign_table f
    UNION ALL
    SELECT w.ev_class, w.xmin FROM pg_catalog.pg_rewrite w
    UNION ALL
    SELECT g.tgrelid, g.xmin FROM pg_catalog.pg_trigger g
    UNION ALL
    SELECT g.tgconstrrelid, g.xmin FROM pg_catalog.pg_trigger g
) r
-- what users made
WHERE r.relation >= 16384
GROUP BY r.relation
