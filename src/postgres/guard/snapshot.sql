-- Everything that the protection and the rows of ledgers rest on. $1: [[schema, table], …]; $2: the schema of the
-- tracking tables; $3: [[schema, function], …], names to look for. One row for each object: its ledger (counted from 0,
-- empty for what belongs to none), its kind, its name, and its attributes as JSON.
WITH RECURSIVE ledger AS MATERIALIZED (
    SELECT (d.place - 1)::text AS n, c.oid, c.relname, c.relnamespace, c.relowner
    FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY d (names, place)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
),
tree AS (
    SELECT n, oid, 0 AS depth FROM ledger
    UNION
    SELECT t.n, i.inhrelid, t.depth + 1
    FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    WHERE t.depth < 16
),
rel AS MATERIALIZED (
    SELECT t.n, t.depth, c.*, s.nspname, s.nspowner, s.nspacl,
        quote_ident(s.nspname) || '.' || quote_ident(c.relname) AS label
    FROM tree t
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
),
tracking AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = $2::text AND c.relname IN ('__diesel_schema_migrations', '__glowplug_journal')
),
-- the types of the columns, and what these are made of
type_tree AS (
    SELECT DISTINCT r.n, a.atttypid AS oid
    FROM rel r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT t.n, part.oid
    FROM type_tree t
    JOIN pg_catalog.pg_type y ON y.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT y.typelem WHERE y.typelem <> 0
        UNION ALL SELECT y.typbasetype WHERE y.typbasetype <> 0
        UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE y.oid IN (g.rngtypid, g.rngmultitypid)
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE y.typtype = 'c' AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) part (oid)
),
types AS MATERIALIZED (
    SELECT t.n, y.*, format_type(y.oid, NULL) AS label
    FROM type_tree t
    JOIN pg_catalog.pg_type y ON y.oid = t.oid
    WHERE y.oid >= 16384 AND y.typtype IN ('e', 'd', 'c', 'r') AND y.typcategory <> 'A'
),
-- what calls functions: triggers, defaults, constraints, indexes, policies, rules, domains
caller (n, classid, objid) AS MATERIALIZED (
    SELECT r.n, 'pg_catalog.pg_trigger'::regclass::oid, t.oid FROM rel r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
    UNION ALL SELECT '', 'pg_catalog.pg_trigger'::regclass::oid, t.oid FROM tracking r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
    UNION ALL SELECT r.n, 'pg_catalog.pg_attrdef'::regclass::oid, t.oid FROM rel r JOIN pg_catalog.pg_attrdef t ON t.adrelid = r.oid
    UNION ALL SELECT r.n, 'pg_catalog.pg_constraint'::regclass::oid, t.oid FROM rel r JOIN pg_catalog.pg_constraint t ON t.conrelid = r.oid
    UNION ALL SELECT r.n, 'pg_catalog.pg_class'::regclass::oid, t.indexrelid FROM rel r JOIN pg_catalog.pg_index t ON t.indrelid = r.oid
    UNION ALL SELECT r.n, 'pg_catalog.pg_policy'::regclass::oid, t.oid FROM rel r JOIN pg_catalog.pg_policy t ON t.polrelid = r.oid
    UNION ALL SELECT r.n, 'pg_catalog.pg_rewrite'::regclass::oid, t.oid FROM rel r JOIN pg_catalog.pg_rewrite t ON t.ev_class = r.oid
    UNION ALL SELECT y.n, 'pg_catalog.pg_constraint'::regclass::oid, t.oid FROM types y JOIN pg_catalog.pg_constraint t ON t.contypid = y.oid
    -- up to PostgreSQL 14 it is the column that needs the functions of its generated values
    UNION ALL SELECT r.n, 'pg_catalog.pg_class'::regclass::oid, r.oid FROM rel r
    UNION ALL SELECT '', 'pg_catalog.pg_event_trigger'::regclass::oid, t.oid FROM pg_catalog.pg_event_trigger t
),
-- OFFSET 0: asked object by object, and never the other way round, however little the statistics know of a young database
routine AS MATERIALIZED (
    SELECT DISTINCT c.n, d.refobjid AS oid
    FROM caller c
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_depend d WHERE d.classid = c.classid AND d.objid = c.objid OFFSET 0) d
    WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid >= 16384
),
sequence AS MATERIALIZED (
    SELECT DISTINCT r.n, d.objid AS oid
    FROM rel r
    CROSS JOIN LATERAL (
        SELECT d.objid FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = r.oid AND d.refobjsubid > 0
            AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
        OFFSET 0
    ) d
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
    UNION
    SELECT r.n, d.refobjid
    FROM rel r
    CROSS JOIN LATERAL (SELECT f.oid FROM pg_catalog.pg_attrdef f WHERE f.adrelid = r.oid OFFSET 0) f
    CROSS JOIN LATERAL (
        SELECT d.refobjid FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
        OFFSET 0
    ) d
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.refobjid
),
-- what would vanish with an extension: its members, and what DEPENDS ON it
armed AS MATERIALIZED (
    SELECT d.classid, d.objid, string_agg(e.extname, ', ' ORDER BY e.extname) AS extensions
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::regclass
    WHERE d.deptype IN ('x', 'e')
    GROUP BY d.classid, d.objid
),
fact (n, kind, object, value) AS (
    SELECT '', 'session', '', jsonb_build_object(
        'xid', COALESCE(pg_current_xact_id_if_assigned()::text, ''),
        'superuser', EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER')),
        'counts', current_setting('track_counts'),
        'cursors', (SELECT count(*) FROM pg_catalog.pg_cursors WHERE is_holdable),
        'pending', current_setting('glowplug.pending', true))
    UNION ALL
    SELECT n, 'relation', label, jsonb_build_object(
        'identity', oid::text, 'root', depth = 0, 'kind', relkind, 'persistence', relpersistence,
        'owner', pg_get_userbyid(relowner), 'schema owner', pg_get_userbyid(nspowner),
        'method', (SELECT amname FROM pg_catalog.pg_am WHERE pg_am.oid = relam),
        'row security', relrowsecurity, 'forced row security', relforcerowsecurity,
        'partition', relispartition, 'bound', pg_get_expr(relpartbound, oid),
        'parent', (SELECT string_agg(i.inhparent::regclass::text || CASE WHEN i.inhdetachpending THEN ' (detaching)' ELSE '' END, ', ' ORDER BY i.inhseqno)
            FROM pg_catalog.pg_inherits i WHERE i.inhrelid = rel.oid),
        'partition key', pg_get_partkeydef(oid),
        'extension', (SELECT x.extensions FROM armed x WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = rel.oid),
        'referenced', EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.confrelid = rel.oid AND k.contype = 'f'),
        -- a constraint that the table lost cannot come back without a trace
        'key', (SELECT jsonb_agg(k.attnum ORDER BY k.place) FROM pg_catalog.pg_index x
            CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
            WHERE x.indrelid = rel.oid AND x.indisprimary))
    FROM rel
    UNION ALL
    SELECT n, 'rows', label, jsonb_build_object(
        'file', pg_relation_filenode(oid)::text,
        'toast', (SELECT t.oid::text || ':' || pg_relation_filenode(t.oid)::text FROM pg_catalog.pg_class t WHERE t.oid = rel.reltoastrelid),
        'inserted', pg_stat_get_xact_tuples_inserted(oid), 'updated', pg_stat_get_xact_tuples_updated(oid),
        'deleted', pg_stat_get_xact_tuples_deleted(oid), 'empty', relkind <> 'f' AND pg_relation_size(oid) = 0,
        'readable', has_table_privilege(oid, 'SELECT'))
    FROM rel
    WHERE relkind <> 'p'
    UNION ALL
    SELECT r.n, 'column', r.label || ' ' || lpad(a.attnum::text, 4, '0'), jsonb_build_object(
        'relation', r.label, 'number', a.attnum, 'name', a.attname, 'dropped', a.attisdropped,
        'type', format_type(a.atttypid, a.atttypmod), 'type identity', a.atttypid::text, 'modifier', NULLIF(a.atttypmod, -1),
        'not null', a.attnotnull, 'collation', NULLIF(a.attcollation, 0)::regcollation::text,
        'generated', NULLIF(a.attgenerated, ''), 'identity', NULLIF(a.attidentity, ''),
        'missing value', a.attmissingval::text, 'default', pg_get_expr(d.adbin, d.adrelid))
    FROM rel r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.n, 'trigger', r.label || ' ' || quote_ident(t.tgname), jsonb_build_object(
        'relation', r.label, 'name', t.tgname, 'identity', t.oid::text, 'bits', t.tgtype, 'enabled', t.tgenabled,
        'conditional', t.tgqual IS NOT NULL, 'columns', array_length(t.tgattr::int2[], 1) > 0, 'written', {written},
        'deferrable', t.tgdeferrable, 'function', t.tgfoid::regprocedure::text,
        'definition', pg_get_triggerdef(t.oid),
        'extension', (SELECT x.extensions FROM armed x WHERE x.classid = 'pg_catalog.pg_trigger'::regclass AND x.objid = t.oid))
    FROM rel r
    -- up to PostgreSQL 14 a partition's copy of its table's trigger counts as internal
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND (NOT t.tgisinternal OR t.tgparentid <> 0 AND t.tgconstraint = 0)
    UNION ALL
    -- the triggers that check foreign keys; their names hold numbers
    SELECT r.n, 'key check', r.label || ' ' || quote_ident(c.conname) || ' ' || quote_ident(f.proname) || ' ' || t.tgrelid::regclass::text,
        jsonb_build_object('enabled', t.tgenabled)
    FROM rel r
    JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid
    JOIN pg_catalog.pg_trigger t ON t.tgconstraint = c.oid AND t.tgisinternal
    JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
    UNION ALL
    SELECT u.n, 'function', u.oid::regprocedure::text, jsonb_build_object(
        'identity', u.oid::text, 'schema', s.nspname, 'name', p.proname,
        'language', l.lanname, 'handler', l.lanplcallfoid::regproc::text,
        'source', p.prosrc, 'binary', p.probin, 'definition', CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END,
        'owner', pg_get_userbyid(p.proowner), 'definer', p.prosecdef,
        'configuration', array_to_string(p.proconfig, ', '), 'strict', p.proisstrict, 'volatility', p.provolatile,
        'extension', (SELECT x.extensions FROM armed x WHERE x.classid = 'pg_catalog.pg_proc'::regclass AND x.objid = p.oid))
    FROM routine u
    JOIN pg_catalog.pg_proc p ON p.oid = u.oid
    JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    UNION ALL
    SELECT r.n, 'rule', r.label || ' ' || quote_ident(w.rulename), jsonb_build_object(
        'relation', r.label, 'definition', pg_get_ruledef(w.oid), 'enabled', w.ev_enabled)
    FROM rel r
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    WHERE r.relkind IN ('r', 'p', 'f')
    UNION ALL
    SELECT r.n, 'policy', r.label || ' ' || quote_ident(p.polname), jsonb_build_object(
        'relation', r.label, 'command', p.polcmd, 'permissive', p.polpermissive,
        'roles', (SELECT string_agg(CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END, ', ' ORDER BY o) FROM unnest(p.polroles) o),
        'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
    FROM rel r
    JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT r.n, 'constraint', r.label || ' ' || quote_ident(c.conname), jsonb_build_object(
        'relation', r.label, 'type', c.contype, 'definition', regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''), 'valid', c.convalidated,
        'on update', NULLIF(c.confupdtype, ' '), 'on delete', NULLIF(c.confdeltype, ' '),
        'inherited', NOT c.conislocal,
        'extension', (SELECT x.extensions FROM armed x WHERE x.classid = 'pg_catalog.pg_constraint'::regclass AND x.objid = c.oid))
    FROM rel r
    JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid
    WHERE c.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT r.n, 'index', i.indexrelid::regclass::text, jsonb_build_object(
        'relation', r.label, 'unique', i.indisunique, 'primary', i.indisprimary, 'exclusion', i.indisexclusion,
        'valid', i.indisvalid AND i.indisready AND i.indislive, 'definition', pg_get_indexdef(i.indexrelid))
    FROM rel r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    UNION ALL
    SELECT y.n, 'type', y.label, jsonb_build_object(
        'identity', y.oid::text, 'kind', y.typtype, 'owner', pg_get_userbyid(y.typowner),
        'labels', (SELECT jsonb_object_agg(e.oid::text, e.enumlabel) FROM pg_catalog.pg_enum e WHERE e.enumtypid = y.oid),
        'base', NULLIF(y.typbasetype, 0)::regtype::text, 'modifier', NULLIF(y.typtypmod, -1),
        'default', y.typdefault, 'not null', CASE WHEN y.typtype = 'd' THEN y.typnotnull END,
        'checks', (SELECT jsonb_agg(jsonb_build_array(regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''), c.convalidated)
                ORDER BY pg_get_constraintdef(c.oid))
            FROM pg_catalog.pg_constraint c WHERE c.contypid = y.oid AND c.contype = 'c'),
        'attributes', (SELECT string_agg(a.attnum::text || ' ' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE y.typtype = 'c' AND a.attrelid = y.typrelid AND a.attnum > 0),
        'subtype', (SELECT g.rngsubtype::regtype::text FROM pg_catalog.pg_range g WHERE g.rngtypid = y.oid))
    FROM types y
    UNION ALL
    SELECT q.n, 'sequence', q.oid::regclass::text, jsonb_build_object(
        'identity', q.oid::text, 'type', s.seqtypid::regtype::text, 'start', s.seqstart, 'increment', s.seqincrement,
        'minimum', s.seqmin, 'maximum', s.seqmax, 'cycle', s.seqcycle, 'cache', s.seqcache, 'owner', pg_get_userbyid(c.relowner),
        'of', (SELECT d.refobjid::regclass::text || '.' || d.refobjsubid FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = q.oid
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')))
    FROM sequence q
    JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.oid
    JOIN pg_catalog.pg_class c ON c.oid = q.oid
    UNION ALL
    -- NULL where the role may not read it, and after a restart
    SELECT q.n, 'reached', q.oid::regclass::text, jsonb_build_object('value', pg_sequence_last_value(q.oid))
    FROM sequence q
    WHERE has_sequence_privilege(q.oid, 'SELECT') OR has_sequence_privilege(q.oid, 'USAGE')
    UNION ALL
    SELECT r.n, 'grant', r.label || ' ' || lower(g.privilege_type) || ' '
        || CASE WHEN g.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, jsonb_build_object(
        'relation', r.label, 'privilege', g.privilege_type, 'column', NULL,
        'grantee', CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee) END)
    FROM rel r
    CROSS JOIN LATERAL (SELECT DISTINCT grantee, privilege_type FROM aclexplode(COALESCE(r.relacl, acldefault('r', r.relowner)))) g
    UNION ALL
    SELECT r.n, 'grant', r.label || ' ' || lower(g.privilege_type) || ' (' || quote_ident(a.attname) || ') '
        || CASE WHEN g.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, jsonb_build_object(
        'relation', r.label, 'privilege', g.privilege_type, 'column', a.attname,
        'grantee', CASE WHEN g.grantee = 0 THEN 'public' ELSE pg_get_userbyid(g.grantee) END)
    FROM rel r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    CROSS JOIN LATERAL (SELECT DISTINCT grantee, privilege_type FROM aclexplode(a.attacl)) g
    UNION ALL
    -- what a role can do in effect, by whatever membership
    SELECT l.n, 'role', quote_ident(o.rolname), jsonb_build_object(
        'superuser', o.rolsuper, 'bypasses row security', o.rolbypassrls,
        'owns', pg_has_role(o.oid, l.relowner, 'MEMBER'),
        'reads', has_table_privilege(o.oid, l.oid, 'SELECT') AND has_schema_privilege(o.oid, l.relnamespace, 'USAGE'),
        'appends', has_any_column_privilege(o.oid, l.oid, 'INSERT') AND has_schema_privilege(o.oid, l.relnamespace, 'USAGE'),
        -- who may be taken on, to try an append
        'assumable', CASE WHEN current_setting('server_version_num')::int < 160000 THEN pg_has_role(session_user, o.oid, 'MEMBER')
            ELSE pg_has_role(session_user, o.oid, 'SET') END,
        'gives', CASE WHEN NOT has_table_privilege(o.oid, l.oid, 'INSERT') THEN (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(o.oid, l.oid, a.attnum, 'INSERT')) END,
        -- up to PostgreSQL 15 who makes roles may grant every one
        'makes roles', o.rolcreaterole AND current_setting('server_version_num')::int < 160000,
        'connects', has_database_privilege(o.oid, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()), 'CONNECT')
            AND o.rolconnlimit <> 0,
        'logs in', o.rolcanlogin AND COALESCE(o.rolvaliduntil > now(), true),
        'updates', has_table_privilege(o.oid, l.oid, 'UPDATE'),
        'updates a column', has_any_column_privilege(o.oid, l.oid, 'UPDATE'), 'deletes', has_table_privilege(o.oid, l.oid, 'DELETE'),
        'truncates', has_table_privilege(o.oid, l.oid, 'TRUNCATE'), 'makes triggers', has_table_privilege(o.oid, l.oid, 'TRIGGER'))
    FROM ledger l
    CROSS JOIN pg_catalog.pg_roles o
    WHERE o.rolname !~ '^pg_'
    UNION ALL
    SELECT '', 'setting', COALESCE(o.rolname, '') || ' ' || CASE WHEN s.setdatabase = 0 THEN '' ELSE 'here' END || ' ' || split_part(c.setting, '=', 1),
        jsonb_build_object('role', o.rolname, 'here', s.setdatabase <> 0, 'name', split_part(c.setting, '=', 1),
            'value', substr(c.setting, strpos(c.setting, '=') + 1))
    FROM pg_catalog.pg_db_role_setting s
    CROSS JOIN LATERAL unnest(s.setconfig) c (setting)
    LEFT JOIN pg_catalog.pg_roles o ON o.oid = s.setrole
    WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    UNION ALL
    SELECT l.n, 'namesake', quote_ident(s.nspname) || '.' || quote_ident(c.relname), jsonb_build_object('schema', s.nspname, 'kind', c.relkind)
    FROM ledger l
    JOIN pg_catalog.pg_class c ON c.relname = l.relname AND c.oid <> l.oid AND c.relpersistence <> 't'
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    UNION ALL
    SELECT '', 'decoy', p.oid::regprocedure::text, jsonb_build_object('identity', p.oid::text, 'schema', s.nspname, 'name', p.proname)
    FROM jsonb_array_elements($3::text::jsonb) f (names)
    JOIN pg_catalog.pg_namespace s ON s.nspname = f.names ->> 0
    JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid AND p.proname = f.names ->> 1
    UNION ALL
    -- the tracking tables: everything that a row which is written there could reach
    SELECT '', 'tracking', r.relname || ' table', jsonb_build_object(
        'kind', r.relkind, 'persistence', r.relpersistence, 'row security', r.relrowsecurity OR r.relforcerowsecurity,
        'inherits', EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE r.oid IN (i.inhrelid, i.inhparent)))
    FROM tracking r
    UNION ALL
    SELECT '', 'tracking', r.relname || ' column ' || quote_ident(a.attname), jsonb_build_object(
        'type', format_type(a.atttypid, a.atttypmod), 'made type', a.atttypid >= 16384, 'not null', a.attnotnull,
        'numbered', NULLIF(a.attidentity, ''), 'generated', NULLIF(a.attgenerated, ''), 'default', pg_get_expr(d.adbin, d.adrelid))
    FROM tracking r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT '', 'tracking', r.relname || CASE c.confrelid WHEN r.oid THEN ' reference ' ELSE ' constraint ' END || quote_ident(c.conname),
        jsonb_build_object('definition', pg_get_constraintdef(c.oid))
    FROM tracking r
    JOIN pg_catalog.pg_constraint c ON r.oid IN (c.conrelid, c.confrelid)
    WHERE c.contype <> 'n'
    UNION ALL
    SELECT '', 'tracking', r.relname || ' index ' || quote_ident(c.relname), jsonb_build_object(
        'primary', i.indisprimary, 'unique', i.indisunique,
        'plain', i.indexprs IS NULL AND i.indpred IS NULL AND NOT EXISTS (SELECT FROM unnest(i.indclass::oid[]) o WHERE o >= 16384))
    FROM tracking r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    UNION ALL
    SELECT '', 'tracking', r.relname || ' trigger ' || quote_ident(t.tgname), jsonb_build_object(
        'bits', t.tgtype, 'enabled', t.tgenabled, 'conditional', t.tgqual IS NOT NULL, 'deferrable', t.tgdeferrable,
        'function', t.tgfoid::regprocedure::text)
    FROM tracking r
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT '', 'tracking', r.relname || ' rule ' || quote_ident(w.rulename), jsonb_build_object('definition', pg_get_ruledef(w.oid))
    FROM tracking r
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    UNION ALL
    SELECT '', 'tracking', r.relname || ' policy ' || quote_ident(p.polname), jsonb_build_object('command', p.polcmd)
    FROM tracking r
    JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT '', 'tracked rows', r.relname, jsonb_build_object('file', pg_relation_filenode(r.oid)::text,
        'inserted', pg_stat_get_xact_tuples_inserted(r.oid), 'updated', pg_stat_get_xact_tuples_updated(r.oid),
        'deleted', pg_stat_get_xact_tuples_deleted(r.oid))
    FROM tracking r
    UNION ALL
    SELECT '', 'event trigger', quote_ident(e.evtname), jsonb_build_object(
        'event', e.evtevent, 'enabled', e.evtenabled, 'function', e.evtfoid::regprocedure::text, 'tags', array_to_string(e.evttags, ', '),
        'owner', pg_get_userbyid(e.evtowner))
    FROM pg_catalog.pg_event_trigger e
    UNION ALL
    SELECT '', 'database', current_database(), jsonb_build_object('connections', d.datconnlimit, 'allows', d.datallowconn)
    FROM pg_catalog.pg_database d
    WHERE d.datname = current_database()
    UNION ALL
    -- what tables made later are granted
    SELECT l.n, 'later grant', lower(g.privilege_type) || ' ' || CASE WHEN g.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        jsonb_build_object('privilege', g.privilege_type)
    FROM ledger l
    JOIN pg_catalog.pg_default_acl d ON d.defaclobjtype = 'r' AND d.defaclrole = l.relowner AND d.defaclnamespace IN (0, l.relnamespace)
    CROSS JOIN LATERAL (SELECT DISTINCT grantee, privilege_type FROM aclexplode(d.defaclacl)) g
    WHERE g.grantee <> l.relowner
    UNION ALL
    -- what answers in the place of PostgreSQL where a type of the ledger is concerned
    SELECT y.n, 'stand-in', 'operator ' || o.oid::regoperator::text, jsonb_build_object('function', o.oprcode::regprocedure::text)
    FROM types y
    JOIN pg_catalog.pg_operator o ON y.oid IN (o.oprleft, o.oprright) AND o.oid >= 16384
    UNION ALL
    SELECT y.n, 'stand-in', 'cast ' || format_type(k.castsource, NULL) || ' as ' || format_type(k.casttarget, NULL),
        jsonb_build_object('function', k.castfunc::regprocedure::text, 'context', k.castcontext)
    FROM types y
    JOIN pg_catalog.pg_cast k ON y.oid IN (k.castsource, k.casttarget) AND k.oid >= 16384
    UNION ALL
    SELECT y.n, 'stand-in', 'function ' || p.oid::regprocedure::text, jsonb_build_object('source', p.prosrc)
    FROM types y
    JOIN pg_catalog.pg_proc p ON p.oid >= 16384 AND y.oid = ANY (p.proargtypes::oid[])
    WHERE EXISTS (SELECT FROM pg_catalog.pg_proc b WHERE b.proname = p.proname AND b.pronamespace = 'pg_catalog'::regnamespace)
    UNION ALL
    SELECT '', 'extension', e.extname, '{}'::jsonb
    FROM pg_catalog.pg_extension e
    WHERE e.extname IN ('dblink', 'postgres_fdw', 'pg_cron', 'pg_background', 'pg_surgery')
    UNION ALL
    SELECT '', 'subscription', quote_ident(u.subname), jsonb_build_object('enabled', u.subenabled)
    FROM pg_catalog.pg_subscription u
    WHERE u.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
    UNION ALL
    SELECT '', 'language', l.lanname, jsonb_build_object('handler', l.lanplcallfoid::regproc::text, 'inline', l.laninline::regproc::text,
        'owner', pg_get_userbyid(l.lanowner))
    FROM pg_catalog.pg_language l
    WHERE l.lanname = 'plpgsql'
    UNION ALL
    -- who may set session_replication_role (PostgreSQL 15)
    {parameters}
    -- functions that this transaction made or replaced
    SELECT '', 'new function', p.oid::regprocedure::text, jsonb_build_object(
        'language', l.lanname, 'definer', p.prosecdef, 'source', pg_get_functiondef(p.oid), 'owner', quote_ident(pg_get_userbyid(p.proowner)),
        'lent', EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee <> p.proowner))
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE {made} AND p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal')
    UNION ALL
    -- a direct write to a catalog keeps its lock; DDL gives it back
    SELECT DISTINCT '', 'catalog write', c.relname, '{}'::jsonb
    FROM pg_catalog.pg_locks k
    JOIN pg_catalog.pg_class c ON c.oid = k.relation
    WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.granted
        AND c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
        AND k.mode = 'RowExclusiveLock'
)
SELECT ARRAY[n, kind, object, value::text] AS "row"
FROM fact
ORDER BY n, kind, object
