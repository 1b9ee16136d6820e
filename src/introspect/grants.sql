-- Privileges of objects, where somebody changed them: address, what the object is, grantee, privilege, and whether
-- it may be granted on. What the object's kind has by default is left out; what is missing of that is 'revoked'.
WITH spaces AS (
    SELECT n.oid
    FROM pg_catalog.pg_namespace n
    WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
),
objects AS (
    SELECT n.tableoid AS class, n.oid AS object, 0 AS part, 'schema' AS kind,
        n.nspacl AS acl, pg_catalog.acldefault('n', n.nspowner) AS usual
    FROM pg_catalog.pg_namespace n
    JOIN spaces s ON s.oid = n.oid
    WHERE n.nspacl IS NOT NULL
    UNION ALL
    SELECT c.tableoid, c.oid, 0, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END,
        c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
    FROM pg_catalog.pg_class c
    JOIN spaces s ON s.oid = c.relnamespace
    WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT c.tableoid, c.oid, a.attnum, 'column', a.attacl, pg_catalog.acldefault('c', c.relowner)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN spaces s ON s.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT p.tableoid, p.oid, 0, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
        p.proacl, pg_catalog.acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p
    JOIN spaces s ON s.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i'
    )
    UNION ALL
    SELECT t.tableoid, t.oid, 0, 'type', t.typacl, pg_catalog.acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t
    JOIN spaces s ON s.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT l.tableoid, l.oid, 0, 'language', l.lanacl, pg_catalog.acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l
    WHERE l.lanacl IS NOT NULL AND l.oid >= 16384
    UNION ALL
    SELECT w.tableoid, w.oid, 0, 'foreign data wrapper', w.fdwacl, pg_catalog.acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w
    WHERE w.fdwacl IS NOT NULL AND w.oid >= 16384
    UNION ALL
    SELECT s.tableoid, s.oid, 0, 'foreign server', s.srvacl, pg_catalog.acldefault('S', s.srvowner)
    FROM pg_catalog.pg_foreign_server s
    WHERE s.srvacl IS NOT NULL
),
given AS (
    SELECT o.class, o.object, o.part, o.kind, x.grantee, x.privilege_type,
        pg_catalog.bool_or(x.is_grantable) AS grantable
    FROM objects o
    CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) x
    GROUP BY 1, 2, 3, 4, 5, 6
),
usual AS (
    SELECT o.class, o.object, o.part, o.kind, x.grantee, x.privilege_type,
        pg_catalog.bool_or(x.is_grantable) AS grantable
    FROM objects o
    CROSS JOIN LATERAL pg_catalog.aclexplode(o.usual) x
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT ARRAY[
    class::text || '.' || object::text || '.' || part::text,
    kind,
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(grantee)::text END,
    privilege_type,
    CASE WHEN given.grantable THEN 'true' END,
    CASE WHEN given.grantable IS NULL THEN 'true' END
]::text[] AS "row"
FROM given
FULL JOIN usual USING (class, object, part, kind, grantee, privilege_type)
WHERE given.grantable IS NULL OR usual.grantable IS NULL OR given.grantable AND NOT usual.grantable
