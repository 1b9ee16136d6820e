SELECT ARRAY[{add} || pg_catalog.replace({bounds}, 'glowplug_key', pg_catalog.quote_ident(a.attname)) || ')'] AS "row"
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
WHERE p.partrelid = pg_catalog.to_regclass({table}) AND p.partnatts = 1 AND p.partstrat = {strategy}
