-- Constraints of tables: keys, checks, exclusions, and what a constraint trigger or (from 18 on) NOT NULL leaves there.
SELECT
    k.tableoid::text || '.' || k.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    k.conname::text AS key_3,
    CASE k.contype
        WHEN 'p' THEN 'primary key'
        WHEN 'u' THEN 'unique'
        WHEN 'f' THEN 'foreign key'
        WHEN 'c' THEN 'check'
        WHEN 'x' THEN 'exclusion'
        WHEN 't' THEN 'trigger'
        WHEN 'n' THEN 'not null'
    END AS type,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    CASE WHEN pg_catalog.cardinality(k.conkey) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT (SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = u.attnum)
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(attnum, place)
        ORDER BY u.place
    ))::text END AS columns,
    rn.nspname::text AS references_schema,
    r.relname::text AS references_table,
    CASE WHEN k.contype = 'f' THEN pg_catalog.to_json(ARRAY(
        SELECT (SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = u.attnum)
        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(attnum, place)
        ORDER BY u.place
    ))::text END AS references_columns,
    CASE k.confupdtype
        WHEN 'r' THEN 'restrict'
        WHEN 'c' THEN 'cascade'
        WHEN 'n' THEN 'set null'
        WHEN 'd' THEN 'set default'
    END AS on_update,
    CASE k.confdeltype
        WHEN 'r' THEN 'restrict'
        WHEN 'c' THEN 'cascade'
        WHEN 'n' THEN 'set null'
        WHEN 'd' THEN 'set default'
    END AS on_delete,
    NULL AS on_delete_columns, -- before 15
    CASE WHEN k.confdelsetcols IS NOT NULL THEN pg_catalog.to_json(ARRAY( -- from 15
        SELECT a.attname::text -- from 15
        FROM pg_catalog.unnest(k.confdelsetcols) WITH ORDINALITY u(attnum, place) -- from 15
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum -- from 15
        ORDER BY u.place -- from 15
    ))::text END AS on_delete_columns, -- from 15
    CASE k.confmatchtype WHEN 'f' THEN 'full' WHEN 'p' THEN 'partial' END AS match,
    CASE WHEN k.condeferrable THEN 'true' END AS deferrable,
    CASE WHEN k.condeferred THEN 'true' END AS deferred,
    CASE WHEN NOT k.convalidated THEN 'true' END AS not_valid,
    NULL AS not_enforced, -- before 18
    CASE WHEN NOT k.conenforced THEN 'true' END AS not_enforced, -- from 18
    -- says something of checks (and from 18 on of NOT NULL) only
    CASE WHEN k.contype IN ('c', 'n') AND k.connoinherit THEN 'true' END AS no_inherit,
    CASE WHEN k.coninhcount > 0 AND NOT k.conislocal THEN 'true' END AS inherited,
    NULLIF(k.coninhcount, 0)::text AS inherit_count,
    CASE WHEN k.conparentid <> 0 THEN 'true' END AS of_partitioned,
    ic.relname::text AS index,
    CASE WHEN i.indnatts > i.indnkeyatts THEN pg_catalog.to_json(ARRAY(
        SELECT a.attname::text
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
        WHERE u.place > i.indnkeyatts
        ORDER BY u.place
    ))::text END AS include,
    NULL AS nulls_not_distinct, -- before 15
    CASE WHEN i.indnullsnotdistinct THEN 'true' END AS nulls_not_distinct, -- from 15
    NULL AS period, -- before 18
    CASE WHEN k.conperiod THEN 'true' END AS period, -- from 18
    CASE WHEN k.contype = 'x' THEN pg_catalog.to_json(ARRAY(
        SELECT pg_catalog.format('%I.%s', opn.nspname, op.oprname)
        FROM pg_catalog.unnest(k.conexclop) WITH ORDINALITY u(operator, place)
        JOIN pg_catalog.pg_operator op ON op.oid = u.operator
        JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
        ORDER BY u.place
    ))::text END AS operators,
    -- triggers of a foreign key that ALTER TABLE has switched: [table, state]
    g.states AS trigger_states
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class r ON k.contype = 'f' AND r.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_index i ON k.contype IN ('p', 'u', 'x') AND i.indexrelid = k.conindid
LEFT JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
LEFT JOIN (
    SELECT s.tgconstraint,
        pg_catalog.json_agg(
            pg_catalog.json_build_array(s.relation, s.state) ORDER BY s.relation COLLATE pg_catalog."C", s.state
        )::text AS states
    FROM (
        SELECT DISTINCT tg.tgconstraint,
            pg_catalog.format('%I.%I', tn.nspname, tc.relname) AS relation,
            CASE tg.tgenabled
                WHEN 'D' THEN 'disabled'
                WHEN 'R' THEN 'replica'
                WHEN 'A' THEN 'always'
            END AS state
        FROM pg_catalog.pg_trigger tg
        JOIN pg_catalog.pg_class tc ON tc.oid = tg.tgrelid
        JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
        WHERE tg.tgisinternal AND tg.tgconstraint <> 0 AND tg.tgenabled <> 'O'
    ) s
    GROUP BY s.tgconstraint
) g ON k.contype <> 't' AND g.tgconstraint = k.oid
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
  AND k.conrelid = ANY ($1::oid[]) -- of some
