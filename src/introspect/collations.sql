-- Collations of this database's encoding. Their version depends on the machine and is not read.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.collname::text AS key_2,
    CASE c.collprovider WHEN 'd' THEN 'default' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS provider,
    CASE WHEN NOT c.collisdeterministic THEN 'true' END AS nondeterministic,
    CASE WHEN c.collprovider <> 'i' THEN c.collcollate::text END AS collate,
    CASE WHEN c.collprovider <> 'i' THEN c.collctype::text END AS ctype,
    -- the column has had three names
    COALESCE(
        pg_catalog.to_jsonb(c) ->> 'colllocale',
        pg_catalog.to_jsonb(c) ->> 'colliculocale',
        CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END
    ) AS locale,
    NULL AS rules, -- before 16
    c.collicurules AS rules, -- from 16
    CASE WHEN c.collencoding <> -1 THEN pg_catalog.pg_encoding_to_char(c.collencoding)::text END AS encoding,
    pg_catalog.pg_get_userbyid(c.collowner)::text AS owner
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
