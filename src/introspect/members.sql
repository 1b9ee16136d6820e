-- What belongs to extensions: the address of the member, the extension.
SELECT DISTINCT ARRAY[
    d.classid::text || '.' || d.objid::text || '.' || d.objsubid::text,
    e.extname::text
]::text[] AS "row"
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND e.oid >= 16384
