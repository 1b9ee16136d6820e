SELECT ARRAY[pg_catalog.replace(
    pg_catalog.replace({statement}, 'glowplug_column', pg_catalog.quote_ident(a.attname)),
    'glowplug_table',
    a.attrelid::pg_catalog.regclass::pg_catalog.text
)] AS "row"
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE a.atttypid = pg_catalog.to_regtype({domain}) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid::pg_catalog.regclass::pg_catalog.text, a.attnum
