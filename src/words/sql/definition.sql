SELECT ARRAY[{add} || pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(oid), ' NOT VALID$', '')] AS "row"
FROM pg_catalog.pg_constraint
WHERE conrelid = pg_catalog.to_regclass({table}) AND conname = {name} AND NOT convalidated
