-- What ALTER DEFAULT PRIVILEGES has granted beyond PostgreSQL's own defaults, and what it has revoked of them.
WITH entries AS (
    SELECT d.defaclrole, d.defaclnamespace, d.defaclobjtype, d.defaclacl
    FROM pg_catalog.pg_default_acl d
),
given AS (
    SELECT e.defaclrole, e.defaclnamespace, e.defaclobjtype, x.grantee, x.privilege_type,
        pg_catalog.bool_or(x.is_grantable) AS grantable
    FROM entries e
    CROSS JOIN LATERAL pg_catalog.aclexplode(e.defaclacl) x
    GROUP BY 1, 2, 3, 4, 5
),
usual AS (
    -- entries of a schema are added to the defaults: only the others replace them
    SELECT e.defaclrole, e.defaclnamespace, e.defaclobjtype, x.grantee, x.privilege_type,
        pg_catalog.bool_or(x.is_grantable) AS grantable
    FROM entries e
    CROSS JOIN LATERAL pg_catalog.aclexplode(pg_catalog.acldefault(
        CASE e.defaclobjtype WHEN 'S' THEN 's' ELSE e.defaclobjtype END, e.defaclrole
    )) x
    WHERE e.defaclnamespace = 0
    GROUP BY 1, 2, 3, 4, 5
)
SELECT
    '0.0.0' AS address,
    pg_catalog.pg_get_userbyid(defaclrole)::text AS key_1,
    COALESCE(n.nspname::text, '') AS key_2,
    CASE defaclobjtype
        WHEN 'r' THEN 'table'
        WHEN 'S' THEN 'sequence'
        WHEN 'f' THEN 'function'
        WHEN 'T' THEN 'type'
        WHEN 'n' THEN 'schema'
        WHEN 'L' THEN 'large object'
    END AS key_3,
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(grantee)::text END AS key_4,
    privilege_type AS key_5,
    CASE WHEN given.grantable THEN 'true' END AS grantable,
    CASE WHEN given.grantable IS NULL THEN 'true' END AS revoked
FROM given
FULL JOIN usual USING (defaclrole, defaclnamespace, defaclobjtype, grantee, privilege_type)
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = defaclnamespace
WHERE given.grantable IS NULL OR usual.grantable IS NULL OR given.grantable AND NOT usual.grantable
