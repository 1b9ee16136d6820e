SELECT ARRAY[
    state.versions,
    -- where appends run code of somebody's own, something else can stop them
    EXISTS (
        SELECT FROM leaf JOIN pg_catalog.pg_trigger t ON t.tgrelid = leaf.oid
        WHERE NOT t.tgisinternal AND t.tgtype & 4 <> 0
        UNION ALL
        SELECT FROM (
            SELECT 'pg_catalog.pg_constraint'::regclass::oid AS classid, rule.oid FROM rule
            UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, index.oid FROM index
            UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, leaf.oid FROM leaf
            UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, f.oid FROM leaf JOIN pg_catalog.pg_attrdef f ON f.adrelid = leaf.oid
            UNION ALL SELECT 'pg_catalog.pg_policy'::regclass::oid, p.oid FROM leaf JOIN pg_catalog.pg_policy p ON p.polrelid = leaf.oid
        ) c
        JOIN pg_catalog.pg_depend d ON d.classid = c.classid AND d.objid = c.oid
        WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid >= 16384
    )::text,
    (EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER'))
        AND EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname IN ('dblink', 'postgres_fdw', 'pg_cron', 'pg_background', 'pg_surgery')))::text,
    -- how far the sequences are that count on
    COALESCE((SELECT jsonb_agg(jsonb_build_object('sequence', n.oid::regclass::text, 'value', n.value)) FROM (
        SELECT sequence.oid, pg_sequence_last_value(sequence.oid) AS value FROM sequence
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = sequence.oid AND q.seqincrement > 0 AND NOT q.seqcycle
        WHERE has_sequence_privilege(sequence.oid, 'SELECT') OR has_sequence_privilege(sequence.oid, 'USAGE')
    ) n WHERE n.value IS NOT NULL), '[]')::text
] AS "row"
FROM state
