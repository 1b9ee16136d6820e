-- What this database has and the other queries do not read: what it is in plain words, its name.
--
-- Every catalog of PostgreSQL 18, and who reads it:
--   pg_aggregate               routines
--   pg_am                      access_methods
--   pg_amop                    operator_classes, operator_families; members of built-in families: here
--   pg_amproc                  operator_classes, operator_families; members of built-in families: here
--   pg_attrdef                 columns
--   pg_attribute               columns, composite_attributes, indexes, grants
--   pg_auth_members            not read: roles belong to the whole server
--   pg_authid                  not read: roles belong to the whole server, and few may read it
--   pg_cast                    casts
--   pg_class                   relations, indexes, sequences, composites; TOAST tables: only their options
--   pg_collation               collations
--   pg_constraint              constraints, domain_constraints
--   pg_conversion              conversions
--   pg_database                its privileges: here; owner, locale and limits are not read: CREATE DATABASE sets them
--   pg_db_role_setting         of this database: here, without values
--   pg_default_acl             default_privileges
--   pg_depend                  dependencies, members, sequences, aliases
--   pg_description             comments; of built-in objects not read: nothing tells who wrote them
--   pg_enum                    enums
--   pg_event_trigger           event_triggers
--   pg_extension               extensions; that plpgsql is missing: here
--   pg_foreign_data_wrapper    foreign_data_wrappers
--   pg_foreign_server          foreign_servers
--   pg_foreign_table           relations
--   pg_index                   indexes, constraints, relations
--   pg_inherits                inheritance, relations, indexes
--   pg_init_privs              here, to tell which privileges of built-in objects changed
--   pg_language                languages
--   pg_largeobject             not read: data, and few may read it
--   pg_largeobject_metadata    here, counted
--   pg_namespace               schemas
--   pg_opclass                 operator_classes
--   pg_operator                operators
--   pg_opfamily                operator_families
--   pg_parameter_acl           here
--   pg_partitioned_table       relations, through pg_get_partkeydef
--   pg_policy                  policies
--   pg_proc                    routines
--   pg_publication             publications
--   pg_publication_namespace   publication_schemas
--   pg_publication_rel         publication_tables
--   pg_range                   ranges
--   pg_replication_origin      not read: the state of replication, of the whole server
--   pg_rewrite                 rules; those of views are relations
--   pg_seclabel                here
--   pg_sequence                sequences
--   pg_shdepend                not read: repeats owners and grantees
--   pg_shdescription           the comment on this database: here; others belong to the whole server
--   pg_shseclabel              the labels of this database: here; others belong to the whole server
--   pg_statistic               not read: statistics, and few may read it
--   pg_statistic_ext           statistics
--   pg_statistic_ext_data      not read: statistics, and few may read it
--   pg_subscription            subscriptions
--   pg_subscription_rel        not read: the state of replication
--   pg_tablespace              relations and indexes name them; themselves they belong to the whole server
--   pg_transform               transforms
--   pg_trigger                 triggers, constraints
--   pg_ts_config               text_search_configurations
--   pg_ts_config_map           text_search_configurations
--   pg_ts_dict                 text_search_dictionaries
--   pg_ts_parser               text_search_parsers
--   pg_ts_template             text_search_templates
--   pg_type                    base_types, composites, domains, enums, ranges
--   pg_user_mapping            user_mappings, through pg_user_mappings
WITH here AS (
    SELECT d.oid, d.datacl, d.datdba
    FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
),
system_schemas AS (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema')
),
-- in a schema of the system, but made later
strays AS (
    SELECT c.tableoid AS class, c.oid AS object
    FROM pg_catalog.pg_class c
    JOIN system_schemas s ON s.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT p.tableoid, p.oid
    FROM pg_catalog.pg_proc p
    JOIN system_schemas s ON s.oid = p.pronamespace
    WHERE p.oid >= 16384
    UNION ALL
    SELECT t.tableoid, t.oid
    FROM pg_catalog.pg_type t
    JOIN system_schemas s ON s.oid = t.typnamespace
    WHERE t.oid >= 16384 AND t.typrelid = 0 AND t.typcategory <> 'A'
    UNION ALL
    SELECT o.tableoid, o.oid
    FROM pg_catalog.pg_operator o
    JOIN system_schemas s ON s.oid = o.oprnamespace
    WHERE o.oid >= 16384
    UNION ALL
    SELECT o.tableoid, o.oid
    FROM pg_catalog.pg_opclass o
    JOIN system_schemas s ON s.oid = o.opcnamespace
    WHERE o.oid >= 16384
    UNION ALL
    SELECT o.tableoid, o.oid
    FROM pg_catalog.pg_opfamily o
    JOIN system_schemas s ON s.oid = o.opfnamespace
    WHERE o.oid >= 16384
    UNION ALL
    SELECT c.tableoid, c.oid
    FROM pg_catalog.pg_conversion c
    JOIN system_schemas s ON s.oid = c.connamespace
    WHERE c.oid >= 16384
    UNION ALL
    SELECT x.tableoid, x.oid
    FROM pg_catalog.pg_statistic_ext x
    JOIN system_schemas s ON s.oid = x.stxnamespace
    WHERE x.oid >= 16384
    UNION ALL
    SELECT t.tableoid, t.oid
    FROM pg_catalog.pg_ts_config t
    JOIN system_schemas s ON s.oid = t.cfgnamespace
    WHERE t.oid >= 16384
    UNION ALL
    SELECT t.tableoid, t.oid
    FROM pg_catalog.pg_ts_dict t
    JOIN system_schemas s ON s.oid = t.dictnamespace
    WHERE t.oid >= 16384
    UNION ALL
    SELECT t.tableoid, t.oid
    FROM pg_catalog.pg_ts_parser t
    JOIN system_schemas s ON s.oid = t.prsnamespace
    WHERE t.oid >= 16384
    UNION ALL
    SELECT t.tableoid, t.oid
    FROM pg_catalog.pg_ts_template t
    JOIN system_schemas s ON s.oid = t.tmplnamespace
    WHERE t.oid >= 16384
),
-- came with PostgreSQL; what it granted there itself is in pg_init_privs, except for information_schema
built_in AS (
    SELECT n.tableoid AS class, n.oid AS object, 0 AS part, n.nspacl AS acl
    FROM pg_catalog.pg_namespace n
    -- 2200: public, a schema of the user
    WHERE n.oid < 16384 AND n.oid <> 2200 AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT c.tableoid, c.oid, 0, c.relacl
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid < 16384 AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT c.tableoid, a.attrelid, a.attnum, a.attacl
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attrelid < 16384 AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT p.tableoid, p.oid, 0, p.proacl FROM pg_catalog.pg_proc p WHERE p.oid < 16384
    UNION ALL
    SELECT t.tableoid, t.oid, 0, t.typacl FROM pg_catalog.pg_type t WHERE t.oid < 16384
    UNION ALL
    SELECT l.tableoid, l.oid, 0, l.lanacl FROM pg_catalog.pg_language l WHERE l.oid < 16384
)
SELECT ARRAY[u.kind, u.name]::text[] AS "row"
FROM (
    SELECT 'large objects', pg_catalog.count(*)::text
    FROM pg_catalog.pg_largeobject_metadata
    HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT 'security label', pg_catalog.format('%s on %s %s', l.provider, o.type, o.identity)
    FROM pg_catalog.pg_seclabel l
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) o
    UNION ALL
    SELECT 'security label', pg_catalog.format('%s on this database', l.provider)
    FROM pg_catalog.pg_shseclabel l
    JOIN here h ON h.oid = l.objoid
    WHERE l.classoid = 'pg_catalog.pg_database'::regclass
    UNION ALL
    SELECT CASE WHEN r.setrole = 0 THEN 'setting of this database' ELSE 'setting of a role in this database' END,
        pg_catalog.concat(
            CASE WHEN r.setrole <> 0 THEN pg_catalog.pg_get_userbyid(r.setrole)::text || ': ' END,
            pg_catalog.split_part(u.setting, '=', 1)
        )
    FROM pg_catalog.pg_db_role_setting r
    JOIN here h ON h.oid = r.setdatabase
    CROSS JOIN LATERAL pg_catalog.unnest(r.setconfig) u(setting)
    UNION ALL
    SELECT 'comment on this database', 'comment'
    FROM pg_catalog.pg_shdescription d
    JOIN here h ON h.oid = d.objoid
    WHERE d.classoid = 'pg_catalog.pg_database'::regclass
    UNION ALL
    SELECT 'privilege of this database', pg_catalog.format('%s for %s', e.privilege_type,
        CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(e.grantee)::text END)
    FROM here h
    CROSS JOIN LATERAL (
        SELECT g.grantee, g.privilege_type, g.is_grantable
        FROM pg_catalog.aclexplode(h.datacl) g
        EXCEPT
        SELECT g.grantee, g.privilege_type, g.is_grantable
        FROM pg_catalog.aclexplode(pg_catalog.acldefault('d', h.datdba)) g
    ) e
    WHERE h.datacl IS NOT NULL
    UNION ALL
    SELECT 'privilege of this database', pg_catalog.format('no %s for %s', e.privilege_type,
        CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(e.grantee)::text END)
    FROM here h
    CROSS JOIN LATERAL (
        SELECT g.grantee, g.privilege_type
        FROM pg_catalog.aclexplode(pg_catalog.acldefault('d', h.datdba)) g
        EXCEPT
        SELECT g.grantee, g.privilege_type
        FROM pg_catalog.aclexplode(h.datacl) g
    ) e
    WHERE h.datacl IS NOT NULL
    UNION ALL -- from 15
    SELECT 'privilege of a parameter', p.parname -- from 15
    FROM pg_catalog.pg_parameter_acl p -- from 15
    UNION ALL
    SELECT 'privileges of a built-in object', pg_catalog.format('%s %s', o.type, o.identity)
    FROM built_in b
    LEFT JOIN pg_catalog.pg_init_privs i
        ON i.classoid = b.class AND i.objoid = b.object AND i.objsubid = b.part AND i.privtype = 'i'
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(b.class, b.object, b.part) o
    WHERE b.acl IS DISTINCT FROM i.initprivs
    UNION ALL
    SELECT 'privileges of what comes with a range type', pg_catalog.format('%s %s', o.type, o.identity)
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(p.tableoid, p.oid, 0) o
    WHERE p.oid >= 16384 AND p.proacl IS NOT NULL AND EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i'
    )
    UNION ALL
    SELECT 'object in a schema of the system', pg_catalog.format('%s %s', o.type, o.identity)
    FROM strays s
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.class, s.object, 0) o
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = s.class AND d.objid = s.object AND d.deptype IN ('e', 'i')
    )
    UNION ALL
    SELECT 'member of a built-in operator family', pg_catalog.format('%s %s', i.type, i.identity)
    FROM (
        SELECT o.tableoid AS class, o.oid AS object, o.amopfamily AS family FROM pg_catalog.pg_amop o
        UNION ALL
        SELECT s.tableoid, s.oid, s.amprocfamily FROM pg_catalog.pg_amproc s
    ) m
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(m.class, m.object, 0) i
    WHERE m.object >= 16384 AND m.family < 16384 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = m.class AND d.objid = m.object
          AND d.refclassid = 'pg_catalog.pg_opclass'::regclass
    )
    UNION ALL
    SELECT 'extension that is missing', 'plpgsql'
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'plpgsql')
) u(kind, name)
