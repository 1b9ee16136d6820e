-- Who owns what the ledgers rest on, who may do what with it, and who may become whom. $1: [[schema, table], …]; $2: the schema
-- of the tracking tables. One row for each fact: its kind, its ledger (counted from 0, empty for what concerns all), and itself
-- as JSON.
WITH RECURSIVE ledger AS MATERIALIZED (
    SELECT (d.place - 1)::text AS n, c.oid
    FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY d (names, place)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
),
tree (n, oid) AS (
    SELECT n, oid FROM ledger
    UNION
    SELECT t.n, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
),
-- tables above a ledger, and the parents of foreign keys that delete or update what refers to them: who owns these reaches it, too
reach (n, oid) AS (
    SELECT n, oid FROM tree
    UNION
    SELECT r.n, step.oid
    FROM reach r
    CROSS JOIN LATERAL (
        SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = r.oid
        UNION ALL
        SELECT x.confrelid FROM pg_catalog.pg_constraint x
        WHERE x.conrelid = r.oid AND x.contype = 'f' AND (x.confdeltype IN ('c', 'n', 'd') OR x.confupdtype IN ('c', 'n', 'd'))
    ) step (oid)
),
asked (n, part, oid) AS MATERIALIZED (
    SELECT n, 'ledger', oid FROM tree
    UNION ALL
    SELECT n, 'needed', oid FROM reach r WHERE NOT EXISTS (SELECT FROM tree t WHERE t.n = r.n AND t.oid = r.oid)
    UNION ALL
    SELECT '', CASE c.relname WHEN '__glowplug_journal' THEN 'journal' ELSE 'diesel' END, c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = $2::text AND c.relname IN ('__diesel_schema_migrations', '__glowplug_journal')
),
-- what else belongs to a ledger's owner who cannot log in: code that runs because of it runs in the name of that owner
held (n, part, oid) AS MATERIALIZED (
    SELECT n, part, oid FROM asked
    UNION ALL
    SELECT 'kept', 'kept', c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT r.rolcanlogin AND NOT r.rolsuper
        AND c.relowner IN (SELECT o.relowner FROM tree t JOIN pg_catalog.pg_class o ON o.oid = t.oid)
        AND NOT EXISTS (SELECT FROM asked a WHERE a.oid = c.oid)
),
-- everything that one of these tables cannot be without, or that runs because of it
needs (n, classid, objid) AS (
    SELECT n, 'pg_catalog.pg_class'::regclass::oid, oid FROM held
    UNION SELECT h.n, 'pg_catalog.pg_constraint'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_constraint x ON x.conrelid = h.oid
    -- what refers to it is compared in the name of its owner: a type of somebody's own brings its casts along
    UNION SELECT '', 'pg_catalog.pg_type'::regclass::oid, y.oid FROM held h
        JOIN pg_catalog.pg_constraint x ON x.confrelid = h.oid AND x.contype = 'f'
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = ANY (x.conkey)
        JOIN pg_catalog.pg_type y ON y.oid = a.atttypid AND y.oid >= 16384 AND (y.typtype <> 'd' OR y.typbasetype >= 16384)
    UNION SELECT '', 'pg_catalog.pg_proc'::regclass::oid, k.castfunc FROM held h
        JOIN pg_catalog.pg_constraint x ON x.confrelid = h.oid AND x.contype = 'f'
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.conrelid AND a.attnum = ANY (x.conkey)
        JOIN pg_catalog.pg_cast k ON k.castsource = a.atttypid AND k.castsource >= 16384 AND k.castfunc >= 16384
    UNION SELECT h.n, 'pg_catalog.pg_attrdef'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_attrdef x ON x.adrelid = h.oid
    UNION SELECT h.n, 'pg_catalog.pg_trigger'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_trigger x ON x.tgrelid = h.oid
    UNION SELECT h.n, 'pg_catalog.pg_class'::regclass::oid, x.indexrelid FROM held h JOIN pg_catalog.pg_index x ON x.indrelid = h.oid
    UNION SELECT h.n, 'pg_catalog.pg_rewrite'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_rewrite x ON x.ev_class = h.oid
    UNION SELECT h.n, 'pg_catalog.pg_policy'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_policy x ON x.polrelid = h.oid
    UNION SELECT h.n, 'pg_catalog.pg_statistic_ext'::regclass::oid, x.oid FROM held h JOIN pg_catalog.pg_statistic_ext x ON x.stxrelid = h.oid
    UNION SELECT h.n, d.classid, d.objid FROM held h
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = h.oid AND d.refobjsubid > 0
            AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
    UNION
    SELECT n.n, step.classid, step.objid
    FROM needs n
    CROSS JOIN LATERAL (
        SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
        WHERE d.classid = n.classid AND d.objid = n.objid
            -- the schema public is of before
            AND (d.refobjid >= 16384 OR d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = 2200)
            AND (d.refclassid <> 'pg_catalog.pg_class'::regclass
                OR n.classid IN ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_attrdef'::regclass))
        UNION ALL
        SELECT 'pg_catalog.pg_constraint'::regclass::oid, x.oid FROM pg_catalog.pg_constraint x
        WHERE n.classid = 'pg_catalog.pg_type'::regclass AND x.contypid = n.objid
        UNION ALL
        -- what the text of a function calls: an index, a check or a default runs as the owner. A trigger runs as who appends
        SELECT 'pg_catalog.pg_proc'::regclass::oid, h.oid
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('c', 'internal')
        JOIN pg_catalog.pg_proc h ON h.oid >= 16384 AND h.oid <> p.oid
            AND p.prosrc ~* (E'\\m' || regexp_replace(h.proname, '([^[:alnum:]_])', E'\\\\\\1', 'g') || E'"?\\s*\\(')
        WHERE n.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = n.objid AND p.prorettype <> 'pg_catalog.trigger'::regtype
        UNION ALL
        SELECT 'pg_catalog.pg_amop'::regclass::oid, x.oid FROM pg_catalog.pg_amop x
        WHERE n.classid = 'pg_catalog.pg_opfamily'::regclass AND x.amopfamily = n.objid
        UNION ALL
        SELECT 'pg_catalog.pg_amproc'::regclass::oid, x.oid FROM pg_catalog.pg_amproc x
        WHERE n.classid = 'pg_catalog.pg_opfamily'::regclass AND x.amprocfamily = n.objid
    ) step (classid, objid)
),
owned (n, classid, objid, owner) AS MATERIALIZED (
    SELECT n.n, n.classid, n.objid, o.owner
    FROM needs n
    CROSS JOIN LATERAL (
        -- indexes, and the type of a table's rows, go with the table
        SELECT x.relowner FROM pg_catalog.pg_class x
        WHERE n.classid = 'pg_catalog.pg_class'::regclass AND x.oid = n.objid AND x.relkind IN ('r', 'p', 'f', 'S', 'v', 'm')
        UNION ALL
        SELECT x.typowner FROM pg_catalog.pg_type x
        WHERE n.classid = 'pg_catalog.pg_type'::regclass AND x.oid = n.objid AND x.typtype <> 'm' AND x.typcategory <> 'A'
            AND (x.typtype <> 'c' OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'c'))
        UNION ALL SELECT x.proowner FROM pg_catalog.pg_proc x WHERE n.classid = 'pg_catalog.pg_proc'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.nspowner FROM pg_catalog.pg_namespace x WHERE n.classid = 'pg_catalog.pg_namespace'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.oprowner FROM pg_catalog.pg_operator x WHERE n.classid = 'pg_catalog.pg_operator'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.opcowner FROM pg_catalog.pg_opclass x WHERE n.classid = 'pg_catalog.pg_opclass'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.opfowner FROM pg_catalog.pg_opfamily x WHERE n.classid = 'pg_catalog.pg_opfamily'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.collowner FROM pg_catalog.pg_collation x WHERE n.classid = 'pg_catalog.pg_collation'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.extowner FROM pg_catalog.pg_extension x WHERE n.classid = 'pg_catalog.pg_extension'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.lanowner FROM pg_catalog.pg_language x WHERE n.classid = 'pg_catalog.pg_language'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.cfgowner FROM pg_catalog.pg_ts_config x WHERE n.classid = 'pg_catalog.pg_ts_config'::regclass AND x.oid = n.objid
        UNION ALL SELECT x.dictowner FROM pg_catalog.pg_ts_dict x WHERE n.classid = 'pg_catalog.pg_ts_dict'::regclass AND x.oid = n.objid
    ) o (owner)
    WHERE n.n <> 'kept' OR n.classid = 'pg_catalog.pg_proc'::regclass
    UNION
    -- what an event trigger calls runs as whoever changes the structure
    SELECT '', 'pg_catalog.pg_proc'::regclass::oid, p.oid, p.proowner
    FROM pg_catalog.pg_event_trigger e
    JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
    WHERE e.evtenabled <> 'D'
),
granted (n, part, type, identity, owner, acl, attribute) AS (
    SELECT h.n, h.part, 'table', c.oid::regclass::text, c.relowner, COALESCE(c.relacl, acldefault('r', c.relowner)), NULL
    FROM held h JOIN pg_catalog.pg_class c ON c.oid = h.oid
    UNION ALL
    SELECT h.n, h.part, 'table', c.oid::regclass::text, c.relowner, a.attacl, a.attname
    FROM held h JOIN pg_catalog.pg_class c ON c.oid = h.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT o.n, 'needed', 'sequence', c.oid::regclass::text, c.relowner, COALESCE(c.relacl, acldefault('s', c.relowner)), NULL
    FROM owned o JOIN pg_catalog.pg_class c ON o.classid = 'pg_catalog.pg_class'::regclass AND c.oid = o.objid AND c.relkind = 'S'
),
fact (kind, n, value) AS (
    SELECT 'here', '', jsonb_build_object('session', session_user, 'database', current_database(),
        'major', current_setting('server_version_num')::int / 10000)
    UNION ALL
    SELECT 'role', '', jsonb_build_object('name', r.rolname, 'superuser', r.rolsuper, 'login', r.rolcanlogin, 'creates', r.rolcreaterole)
    FROM pg_catalog.pg_roles r
    UNION ALL
    SELECT 'member', '', jsonb_build_object('role', pg_get_userbyid(m.roleid), 'member', pg_get_userbyid(m.member),
        'admin', m.admin_option, {options})
    FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles r ON r.oid = m.member
    UNION ALL
    SELECT 'owned', o.n, jsonb_build_object('part', COALESCE((SELECT h.part FROM asked h
            WHERE o.classid = 'pg_catalog.pg_class'::regclass AND h.oid = o.objid AND h.n = o.n),
            CASE o.n WHEN 'kept' THEN 'kept' ELSE 'needed' END),
        'type', i.type, 'identity', i.identity, 'owner', pg_get_userbyid(o.owner),
        'definer', o.classid = 'pg_catalog.pg_proc'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid = o.objid AND p.prosecdef),
        'linked', o.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = o.objid AND d.deptype IN ('a', 'i')
                AND d.refclassid = 'pg_catalog.pg_class'::regclass),
        'member', EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e'))
    FROM owned o
    CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i
    UNION ALL
    SELECT 'owned', '', jsonb_build_object('part', 'database', 'type', 'database', 'identity', quote_ident(d.datname),
        'owner', pg_get_userbyid(d.datdba), 'definer', false, 'linked', false, 'member', false)
    FROM pg_catalog.pg_database d
    WHERE d.datname = current_database()
    UNION ALL
    SELECT 'definer', '', jsonb_build_object('function', p.oid::regprocedure::text, 'owner', pg_get_userbyid(p.proowner), 'runs',
        (SELECT jsonb_agg(DISTINCT CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END)
            FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g
            WHERE g.privilege_type = 'EXECUTE' AND g.grantee <> p.proowner))
    FROM pg_catalog.pg_proc p
    WHERE p.prosecdef AND p.oid >= 16384
    UNION ALL
    SELECT 'grant', g.n, jsonb_build_object('part', g.part, 'type', g.type, 'identity', g.identity, 'owner', pg_get_userbyid(g.owner),
        'attribute', g.attribute, 'privilege', x.privilege_type, 'lends', x.is_grantable,
        'grantee', CASE x.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END)
    FROM granted g
    CROSS JOIN LATERAL aclexplode(g.acl) x
    WHERE x.grantee <> g.owner
    -- what VACUUM, ANALYZE and REINDEX run as the owner, with names that the search_path of then decides about
    UNION ALL
    SELECT DISTINCT 'loose', h.n, jsonb_build_object('function', p.oid::regprocedure::text, 'table', h.oid::regclass::text)
    FROM held h
    CROSS JOIN LATERAL (
        SELECT 'pg_catalog.pg_class'::regclass::oid, x.indexrelid FROM pg_catalog.pg_index x WHERE x.indrelid = h.oid
        UNION ALL
        SELECT 'pg_catalog.pg_statistic_ext'::regclass::oid, x.oid FROM pg_catalog.pg_statistic_ext x WHERE x.stxrelid = h.oid
    ) part (classid, objid)
    JOIN pg_catalog.pg_depend d ON d.classid = part.classid AND d.objid = part.objid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
    JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid AND p.oid >= 16384
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('c', 'internal')
    WHERE NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c ~ '^search_path=')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc b WHERE b.oid = p.oid AND b.prosqlbody IS NOT NULL)
    {parameters}
    UNION ALL
    -- what tables that are made later are granted
    SELECT 'later', '', jsonb_build_object('owner', pg_get_userbyid(d.defaclrole), 'schema', s.nspname, 'privilege', x.privilege_type,
        'grantee', CASE x.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END)
    FROM pg_catalog.pg_default_acl d
    LEFT JOIN pg_catalog.pg_namespace s ON s.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) x
    WHERE d.defaclobjtype = 'r' AND x.grantee <> d.defaclrole
)
SELECT ARRAY[kind, n, value::text] AS "row"
FROM fact
ORDER BY 1
