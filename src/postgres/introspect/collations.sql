-- Collations of this database's encoding. Their version depends on the machine and is not read.
SELECT ARRAY[
    c.tableoid::text || '.' || c.oid::text || '.0',
    n.nspname::text,
    c.collname::text,
    CASE c.collprovider WHEN 'd' THEN 'default' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END,
    CASE WHEN NOT c.collisdeterministic THEN 'true' END,
    CASE WHEN c.collprovider <> 'i' THEN c.collcollate::text END,
    CASE WHEN c.collprovider <> 'i' THEN c.collctype::text END,
    -- the column has had three names
    COALESCE(
        pg_catalog.to_jsonb(c) ->> 'colllocale',
        pg_catalog.to_jsonb(c) ->> 'colliculocale',
        CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END
    ),
    NULL, -- before 16
    c.collicurules, -- from 16
    CASE WHEN c.collencoding <> -1 THEN pg_catalog.pg_encoding_to_char(c.collencoding)::text END,
    pg_catalog.pg_get_userbyid(c.collowner)::text
]::text[] AS "row"
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
