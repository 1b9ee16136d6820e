SELECT ARRAY[{head} || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.place) || ')'] AS "row"
FROM pg_catalog.pg_constraint k
CROSS JOIN pg_catalog.unnest(k.conkey) WITH ORDINALITY u(number, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
WHERE k.conrelid = pg_catalog.to_regclass({other}) AND k.contype = 'p'
GROUP BY k.oid
