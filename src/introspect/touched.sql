-- How many rows of the system catalogs each relation consists of, and whether one of them was written since transaction $1.
-- What an index consists of counts for its table. Rows that never go without another one are not counted: those of columns and
-- defaults. The first row says from which transaction on everything is new, and sums up what needs what.
WITH since AS MATERIALIZED (
    SELECT pg_catalog.age($1::text::xid) AS age
)
SELECT ARRAY[
    '',
    pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text,
    (
        SELECT pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.sum(d.objid::bigint), pg_catalog.sum(d.refobjid::bigint))
        FROM pg_catalog.pg_depend d
        WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'x')
          AND d.refobjid NOT IN (SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relnamespace = 99)
    )
]::text[] AS "row"
UNION ALL
SELECT ARRAY[
    r.relation::text,
    pg_catalog.sum(r.counted)::text,
    CASE WHEN pg_catalog.bool_or(r.is_new) THEN 'true' END
]::text[]
FROM (
    SELECT COALESCE(i.indrelid, w.relation) AS relation, w.counted, w.is_new
    FROM (
        SELECT c.oid AS relation, 1 AS counted, pg_catalog.age(c.xmin) <= s.age AS is_new
        FROM pg_catalog.pg_class c, since s
        -- 99: pg_toast
        WHERE c.relnamespace <> 99
        UNION ALL
        SELECT h.inhrelid, 1, pg_catalog.age(h.xmin) <= s.age
        FROM pg_catalog.pg_inherits h, since s
        UNION ALL
        SELECT a.attrelid, 0, true
        FROM pg_catalog.pg_attribute a, since s
        WHERE pg_catalog.age(a.xmin) <= s.age
    ) w
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = w.relation
    UNION ALL
    SELECT c.oid, 1, pg_catalog.age(t.xmin) <= s.age
    FROM since s, pg_catalog.pg_class t
    JOIN pg_catalog.pg_class c ON c.reltoastrelid = t.oid
    UNION ALL
    SELECT d.adrelid, 0, true
    FROM pg_catalog.pg_attrdef d, since s
    WHERE pg_catalog.age(d.xmin) <= s.age
    UNION ALL
    SELECT k.conrelid, 1, pg_catalog.age(k.xmin) <= s.age
    FROM pg_catalog.pg_constraint k, since s
    UNION ALL
    SELECT i.indrelid, 1, pg_catalog.age(i.xmin) <= s.age
    FROM pg_catalog.pg_index i, since s
    UNION ALL
    SELECT p.partrelid, 1, pg_catalog.age(p.xmin) <= s.age
    FROM pg_catalog.pg_partitioned_table p, since s
    UNION ALL
    SELECT f.ftrelid, 1, pg_catalog.age(f.xmin) <= s.age
    FROM pg_catalog.pg_foreign_table f, since s
    UNION ALL
    SELECT w.ev_class, 1, pg_catalog.age(w.xmin) <= s.age
    FROM pg_catalog.pg_rewrite w, since s
    UNION ALL
    SELECT g.tgrelid, 1, pg_catalog.age(g.xmin) <= s.age
    FROM pg_catalog.pg_trigger g, since s
    UNION ALL
    SELECT g.tgconstrrelid, 1, pg_catalog.age(g.xmin) <= s.age
    FROM pg_catalog.pg_trigger g, since s
) r
-- what users made
WHERE r.relation >= 16384
GROUP BY r.relation
