-- Comments: the address of what it is on, the text. Those that PostgreSQL comes with are left out.
SELECT ARRAY[
    d.classoid::text || '.' || d.objoid::text || '.' || d.objsubid::text,
    d.description
]::text[] AS "row"
FROM pg_catalog.pg_description d
-- 2200: the schema public
WHERE d.objoid >= 16384 OR (d.objoid = 2200 AND d.classoid = 'pg_catalog.pg_namespace'::regclass)
