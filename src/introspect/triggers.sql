-- Triggers that users made, with their clones on partitions.
SELECT
    g.tableoid::text || '.' || g.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.relname::text AS key_2,
    g.tgname::text AS key_3,
    pg_catalog.pg_get_triggerdef(g.oid) AS definition,
    CASE g.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS enabled,
    pg_catalog.format('%I.%I', pn.nspname, p.proname) AS function,
    -- each argument ends with a zero byte
    CASE WHEN g.tgnargs > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT pg_catalog.convert_from(
            pg_catalog.decode(pg_catalog.replace(u.bytes, ' ', ''), 'hex'), pg_catalog.getdatabaseencoding())
        FROM pg_catalog.unnest(pg_catalog.string_to_array(
            pg_catalog.regexp_replace(pg_catalog.encode(g.tgargs, 'hex'), '(..)', E'\\1 ', 'g'), '00 '
        )) WITH ORDINALITY u(bytes, place)
        WHERE u.place <= g.tgnargs
        ORDER BY u.place
    ))::text END AS arguments,
    CASE WHEN g.tgtype & 2 > 0 THEN 'before' WHEN g.tgtype & 64 > 0 THEN 'instead of' ELSE 'after' END AS timing,
    pg_catalog.to_json(pg_catalog.array_remove(ARRAY[
        CASE WHEN g.tgtype & 4 > 0 THEN 'insert' END,
        CASE WHEN g.tgtype & 16 > 0 THEN 'update' END,
        CASE WHEN g.tgtype & 8 > 0 THEN 'delete' END,
        CASE WHEN g.tgtype & 32 > 0 THEN 'truncate' END
    ], NULL))::text AS events,
    CASE WHEN g.tgtype & 1 > 0 THEN 'row' ELSE 'statement' END AS level,
    CASE WHEN pg_catalog.cardinality(g.tgattr::int2[]) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT a.attname::text
        FROM pg_catalog.unnest(g.tgattr::int2[]) WITH ORDINALITY u(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = u.attnum
        ORDER BY u.place
    ))::text END AS columns,
    CASE WHEN g.tgqual IS NOT NULL THEN (pg_catalog.regexp_match(
        pg_catalog.pg_get_triggerdef(g.oid), '.{35,} WHEN [(](.+)[)] EXECUTE FUNCTION'
    ))[1] END AS condition,
    CASE WHEN g.tgconstraint <> 0 THEN 'true' END AS constraint,
    CASE WHEN g.tgdeferrable THEN 'true' END AS deferrable,
    CASE WHEN g.tginitdeferred THEN 'true' END AS deferred,
    CASE WHEN fc.oid IS NOT NULL THEN pg_catalog.format('%I.%I', fcn.nspname, fc.relname) END AS from_table,
    g.tgoldtable::text AS old_table,
    g.tgnewtable::text AS new_table,
    CASE WHEN g.tgparentid <> 0 THEN 'true' END AS parent
FROM pg_catalog.pg_trigger g
JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_constraint k ON k.oid = g.tgconstraint
LEFT JOIN pg_catalog.pg_class fc ON fc.oid = g.tgconstrrelid
LEFT JOIN pg_catalog.pg_namespace fcn ON fcn.oid = fc.relnamespace
-- 14 calls the clones internal, like the triggers of foreign keys
WHERE (NOT g.tgisinternal OR g.tgparentid <> 0 AND (k.oid IS NULL OR k.contype = 't'))
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
