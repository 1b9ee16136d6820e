-- The versions of all rows in PostgreSQL's catalogs that ledgers rest on. $1: [[schema, table], …]; $2: the schema of the tracking tables.
-- A row that is inserted, changed or deleted is another version, in a subtransaction, too. Every part is found by an index, so that
-- it does not matter how much else there is.
WITH RECURSIVE ledger AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relnamespace
    FROM jsonb_array_elements($1::text::jsonb) d (names)
    JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
),
tree AS (
    SELECT oid FROM ledger
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
),
leaf AS MATERIALIZED (SELECT oid FROM tree),
tracking AS MATERIALIZED (
    SELECT c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = $2::text AND c.relname IN ('__diesel_schema_migrations', '__glowplug_journal')
),
rel AS MATERIALIZED (SELECT oid FROM leaf UNION ALL SELECT oid FROM tracking),
index AS MATERIALIZED (SELECT i.indexrelid AS oid, i.indrelid AS table_oid, i.ctid, i.xmin, i.tableoid FROM rel JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid),
attribute AS MATERIALIZED (
    SELECT a.attrelid, a.atttypid, a.ctid, a.xmin, a.tableoid FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0
),
sequence AS MATERIALIZED (
    SELECT d.objid AS oid
    FROM leaf
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = leaf.oid AND d.refobjsubid > 0
        AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
    UNION
    SELECT d.refobjid
    FROM leaf
    JOIN pg_catalog.pg_attrdef f ON f.adrelid = leaf.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.refobjid
),
-- the types of the columns, and what these are made of
type AS (
    SELECT DISTINCT a.atttypid AS oid FROM attribute a WHERE a.atttypid >= 16384
    UNION
    SELECT part.oid
    FROM type t
    JOIN pg_catalog.pg_type y ON y.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT y.typelem UNION ALL SELECT y.typbasetype
        UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE y.oid = g.rngtypid
        UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE y.typtype = 'c' AND a.attrelid = y.typrelid AND a.attnum > 0
    ) part (oid)
    WHERE part.oid >= 16384
),
named AS MATERIALIZED (SELECT oid FROM type),
trigger AS MATERIALIZED (SELECT t.oid, t.tgfoid, t.tgisinternal, t.ctid, t.xmin, t.tableoid FROM rel JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid),
rule AS MATERIALIZED (
    SELECT k.oid, k.ctid, k.xmin, k.tableoid FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid
    UNION ALL
    SELECT k.oid, k.ctid, k.xmin, k.tableoid FROM named JOIN pg_catalog.pg_constraint k ON k.contypid = named.oid
),
version (ctid, xmin, tableoid) AS (
    SELECT c.ctid, c.xmin, c.tableoid FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid
    UNION ALL SELECT c.ctid, c.xmin, c.tableoid FROM index JOIN pg_catalog.pg_class c ON c.oid = index.oid
    UNION ALL SELECT c.ctid, c.xmin, c.tableoid FROM sequence JOIN pg_catalog.pg_class c ON c.oid = sequence.oid
    -- whatever has the name of a ledger
    UNION ALL SELECT c.ctid, c.xmin, c.tableoid FROM ledger JOIN pg_catalog.pg_class c ON c.relname = ledger.relname AND c.relpersistence <> 't'
    UNION ALL SELECT s.ctid, s.xmin, s.tableoid FROM (SELECT DISTINCT relnamespace FROM ledger) l JOIN pg_catalog.pg_namespace s ON s.oid = l.relnamespace
    UNION ALL SELECT ctid, xmin, tableoid FROM attribute
    UNION ALL SELECT ctid, xmin, tableoid FROM index
    UNION ALL SELECT ctid, xmin, tableoid FROM trigger
    UNION ALL SELECT ctid, xmin, tableoid FROM rule
    UNION ALL SELECT f.ctid, f.xmin, f.tableoid FROM rel JOIN pg_catalog.pg_attrdef f ON f.adrelid = rel.oid
    UNION ALL SELECT w.ctid, w.xmin, w.tableoid FROM rel JOIN pg_catalog.pg_rewrite w ON w.ev_class = rel.oid
    UNION ALL SELECT p.ctid, p.xmin, p.tableoid FROM rel JOIN pg_catalog.pg_policy p ON p.polrelid = rel.oid
    UNION ALL SELECT i.ctid, i.xmin, i.tableoid FROM rel JOIN pg_catalog.pg_inherits i ON i.inhrelid = rel.oid
    UNION ALL SELECT i.ctid, i.xmin, i.tableoid FROM rel JOIN pg_catalog.pg_inherits i ON i.inhparent = rel.oid
    UNION ALL SELECT x.ctid, x.xmin, x.tableoid FROM rel JOIN pg_catalog.pg_statistic_ext x ON x.stxrelid = rel.oid
    UNION ALL SELECT q.ctid, q.xmin, q.tableoid FROM sequence JOIN pg_catalog.pg_sequence q ON q.seqrelid = sequence.oid
    UNION ALL SELECT y.ctid, y.xmin, y.tableoid FROM named JOIN pg_catalog.pg_type y ON y.oid = named.oid
    UNION ALL SELECT e.ctid, e.xmin, e.tableoid FROM named JOIN pg_catalog.pg_enum e ON e.enumtypid = named.oid
    UNION ALL SELECT d.ctid, d.xmin, d.tableoid FROM rel JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid
    UNION ALL SELECT d.ctid, d.xmin, d.tableoid FROM trigger JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_trigger'::regclass AND d.objid = trigger.oid
    UNION ALL SELECT d.ctid, d.xmin, d.tableoid FROM rule JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = rule.oid
    -- functions of somebody's own: all of them, as each could be called
    UNION ALL SELECT p.ctid, p.xmin, p.tableoid FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
    UNION ALL SELECT o.ctid, o.xmin, o.tableoid FROM pg_catalog.pg_operator o WHERE o.oid >= 16384
    -- small catalogs as a whole
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_cast
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_event_trigger
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_extension
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_language
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_db_role_setting
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_auth_members
    UNION ALL SELECT ctid, xmin, tableoid FROM pg_catalog.pg_default_acl
    UNION ALL SELECT d.ctid, d.xmin, d.tableoid FROM pg_catalog.pg_database d WHERE d.datname = current_database()
    {parameters}
),
text (content) AS (
    -- what is not for everybody to read as rows
    SELECT ROW(o.oid, o.rolname, o.rolsuper, o.rolcreaterole, o.rolcanlogin, o.rolbypassrls, o.rolconnlimit, o.rolvaliduntil)::text FROM pg_catalog.pg_roles o
    UNION ALL
    SELECT ROW(u.oid, u.subname, u.subenabled)::text FROM pg_catalog.pg_subscription u
),
state (versions, touched) AS (
    SELECT (SELECT count(*) || ' ' || COALESCE(bit_xor(hashtextextended(ctid::text || ' ' || xmin::text, tableoid::bigint)), 0) FROM version)
            || ' ' || (SELECT count(*) || ' ' || COALESCE(bit_xor(hashtextextended(content, 0)), 0) FROM text),
        -- rows were written, or structure is being changed: whatever is done to a table takes a lock that lasts. Where rows of another
        -- table were written, a trigger of it may be put off
        EXISTS (SELECT FROM pg_catalog.pg_locks k
            WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.mode NOT IN ('AccessShareLock', 'RowShareLock')
                AND (EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = k.relation AND t.tgdeferrable)
                    OR k.relation IN (SELECT oid FROM leaf UNION ALL SELECT oid FROM index WHERE table_oid IN (SELECT oid FROM leaf) UNION ALL SELECT oid FROM sequence)))
)
