-- What ledgers rest on, as it stands between two migrations: the objects whose versions are asked for later, by object identifier.
-- $1: [[schema, table], …]; $2: the schema of the tracking tables.
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
index AS MATERIALIZED (SELECT i.indexrelid AS oid, i.indrelid AS table_oid FROM rel JOIN pg_catalog.pg_index i ON i.indrelid = rel.oid),
attribute AS MATERIALIZED (
    SELECT a.attrelid, a.atttypid FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0
),
sequence AS MATERIALIZED (
    SELECT d.objid AS oid
    FROM leaf
    -- OFFSET 0: asked object by object, and never the other way round, however little the statistics know of a young database
    CROSS JOIN LATERAL (
        SELECT d.objid FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = leaf.oid AND d.refobjsubid > 0
            AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
        OFFSET 0
    ) d
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid
    UNION
    SELECT d.refobjid
    FROM leaf
    CROSS JOIN LATERAL (SELECT f.oid FROM pg_catalog.pg_attrdef f WHERE f.adrelid = leaf.oid OFFSET 0) f
    CROSS JOIN LATERAL (
        SELECT d.refobjid FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
        OFFSET 0
    ) d
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
trigger AS MATERIALIZED (SELECT t.oid FROM rel JOIN pg_catalog.pg_trigger t ON t.tgrelid = rel.oid),
rule AS MATERIALIZED (
    SELECT k.oid FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid
    UNION ALL
    SELECT k.oid FROM named JOIN pg_catalog.pg_constraint k ON k.contypid = named.oid
),
called AS MATERIALIZED (
    SELECT d.refobjid AS oid
    FROM (
        SELECT 'pg_catalog.pg_constraint'::regclass::oid AS classid, rule.oid FROM rule
        UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, index.oid FROM index
        UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, leaf.oid FROM leaf
        UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, f.oid
        FROM leaf CROSS JOIN LATERAL (SELECT f.oid FROM pg_catalog.pg_attrdef f WHERE f.adrelid = leaf.oid OFFSET 0) f
        UNION ALL SELECT 'pg_catalog.pg_policy'::regclass::oid, p.oid FROM leaf JOIN pg_catalog.pg_policy p ON p.polrelid = leaf.oid
    ) c
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_depend d WHERE d.classid = c.classid AND d.objid = c.oid OFFSET 0) d
    WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid >= 16384
)
SELECT ARRAY[
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM rel), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM (SELECT oid FROM rel
        UNION SELECT y.typrelid FROM named JOIN pg_catalog.pg_type y ON y.oid = named.oid WHERE y.typrelid <> 0) a), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM index), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM sequence), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM trigger), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM rule), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM named), '{}')::text,
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM pg_catalog.pg_namespace
        WHERE oid IN (SELECT relnamespace FROM ledger) OR nspname = $2::text), '{}')::text,
    -- whatever has the name of a ledger, whether it is there or not
    COALESCE((SELECT array_agg((d.names ->> 1)::name ORDER BY d.names ->> 1) FROM jsonb_array_elements($1::text::jsonb) d (names)), '{}')::text,
    COALESCE((SELECT array_agg(DISTINCT oid ORDER BY oid) FROM (SELECT t.tgfoid AS oid FROM trigger JOIN pg_catalog.pg_trigger t ON t.oid = trigger.oid
        UNION ALL SELECT oid FROM called) f WHERE oid >= 16384), '{}')::text,
    -- what a lock for writing would be on
    COALESCE((SELECT array_agg(oid ORDER BY oid) FROM (SELECT oid FROM leaf
        UNION ALL SELECT oid FROM index WHERE table_oid IN (SELECT oid FROM leaf) UNION ALL SELECT oid FROM sequence) w), '{}')::text,
    -- sequences that count on, by name and object identifier
    COALESCE((SELECT jsonb_agg(jsonb_build_object('sequence', quote_ident(s.nspname) || '.' || quote_ident(c.relname), 'oid', c.oid::text) ORDER BY c.oid)
        FROM sequence
        JOIN pg_catalog.pg_class c ON c.oid = sequence.oid
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = sequence.oid AND q.seqincrement > 0 AND NOT q.seqcycle
        WHERE has_sequence_privilege(sequence.oid, 'SELECT') OR has_sequence_privilege(sequence.oid, 'USAGE')), '[]')::text,
    -- where appends run code of somebody's own, something else can stop them
    (EXISTS (SELECT FROM called) OR EXISTS (SELECT FROM leaf JOIN pg_catalog.pg_trigger t ON t.tgrelid = leaf.oid
        WHERE NOT t.tgisinternal AND t.tgtype & 4 <> 0))::text,
    (EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER'))
        AND EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname IN ('dblink', 'postgres_fdw', 'pg_cron', 'pg_background', 'pg_surgery')))::text
] AS "row"
