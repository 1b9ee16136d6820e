-- What scripts meet in this database: one row for each thing, its kind first. $1: the settings that are asked for, $2: Diesel's table, $3: those
-- that the URL sets, and those of somebody's own that scripts speak of.
SELECT ARRAY[
    'database',
    d.datname::text,
    session_user::text,
    pg_catalog.current_setting('server_version_num'),
    pg_catalog.pg_encoding_to_char(d.encoding)::text,
    d.datcollate::text,
    d.datctype::text,
    -- columns that older versions do not have
    COALESCE(j.row ->> 'datlocprovider', 'c'),
    COALESCE(j.row ->> 'datlocale', j.row ->> 'daticulocale', ''),
    COALESCE(
        (SELECT n.nspname::text FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($2)),
        pg_catalog.current_schema()::text, ''),
    pg_catalog.pg_get_userbyid(d.datdba)::text
]::text[] AS "row"
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS row) j
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
UNION ALL
SELECT ARRAY['schema', s.name::text]
FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY s(name, place)
UNION ALL
-- those that initdb writes are never the built-in ones on every server
SELECT ARRAY['setting', s.name, s.reset_val]
FROM pg_catalog.pg_settings s
WHERE s.reset_val IS NOT NULL
    AND CASE
        WHEN s.name OPERATOR(pg_catalog.=) ANY (ARRAY['DateStyle', 'TimeZone', 'default_text_search_config', 'lc_monetary', 'lc_numeric', 'lc_time']) THEN true
        WHEN s.name OPERATOR(pg_catalog.=) ANY (pg_catalog.string_to_array($1, ',')) THEN s.reset_val IS DISTINCT FROM
            COALESCE(s.boot_val, CASE s.name WHEN 'timezone_abbreviations' THEN 'Default' END)
        ELSE false
    END
UNION ALL
-- those of somebody's own are not listed: who set them is asked
SELECT DISTINCT ARRAY['setting', c.name, pg_catalog.current_setting(c.name, true)]
FROM (
    SELECT pg_catalog.split_part(u.setting, '=', 1)
    FROM pg_catalog.pg_db_role_setting s
    LEFT JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
    LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.setrole
    CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) u(setting)
    WHERE COALESCE(d.datname, pg_catalog.current_database()) OPERATOR(pg_catalog.=) pg_catalog.current_database()
        AND COALESCE(r.rolname, session_user) OPERATOR(pg_catalog.=) session_user
    UNION ALL
    SELECT pg_catalog.unnest(pg_catalog.string_to_array($3, ','))
) c(name)
WHERE pg_catalog.strpos(c.name, '.') OPERATOR(pg_catalog.>) 0 AND pg_catalog.current_setting(c.name, true) IS NOT NULL
UNION ALL
SELECT ARRAY['role', r.rolname::text, r.rolsuper::text, r.rolinherit::text, r.rolcreaterole::text, r.rolcreatedb::text,
    r.rolcanlogin::text, r.rolreplication::text, r.rolbypassrls::text]
FROM pg_catalog.pg_roles r
WHERE NOT pg_catalog.starts_with(r.rolname::text, 'pg_')
UNION ALL
SELECT ARRAY['member', m.rolname::text, g.rolname::text]
FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles m ON m.oid OPERATOR(pg_catalog.=) a.member
JOIN pg_catalog.pg_roles g ON g.oid OPERATOR(pg_catalog.=) a.roleid
UNION ALL
-- whom the objects of this database speak of
SELECT DISTINCT ARRAY['concerned', r.rolname::text]
FROM pg_catalog.pg_shdepend s
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.dbid
JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.refobjid
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
    AND s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass
UNION ALL
SELECT ARRAY['tablespace', t.spcname::text]
FROM pg_catalog.pg_tablespace t
WHERE NOT pg_catalog.starts_with(t.spcname::text, 'pg_')
UNION ALL
SELECT ARRAY['extension', e.extname::text, e.extversion, n.nspname::text]
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
WHERE e.extname OPERATOR(pg_catalog.<>) 'plpgsql'
