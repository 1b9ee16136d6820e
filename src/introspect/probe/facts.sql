WITH asked AS (
    SELECT a.name, a.place, pg_catalog.to_regclass(a.name) AS relation
    FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) WITH ORDINALITY AS a (name, place)
), tables AS (
    SELECT a.place, c.oid, c.relkind,
        pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM asked a
    JOIN pg_catalog.pg_class c ON c.oid = a.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
), columns AS (
    SELECT t.place, a.attrelid, a.attname, a.attnum, a.attgenerated, a.attidentity, a.atthasdef, a.atttypid, a.atttypmod,
        a.attnotnull OR coalesce(domains.not_null, false) OR views.not_null AS not_null,
        -- what a view leaves out, its table gives
        coalesce(domains.has_default, false) OR views.has_default AS given,
        coalesce(domains.base, a.atttypid) AS base
    FROM tables t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN LATERAL (
        WITH RECURSIVE chain AS (
            SELECT d.oid, d.typbasetype, d.typnotnull, d.typdefault, d.typtype
            FROM pg_catalog.pg_type d WHERE d.oid = a.atttypid
            UNION ALL
            SELECT d.oid, d.typbasetype, d.typnotnull, d.typdefault, d.typtype
            FROM chain c JOIN pg_catalog.pg_type d ON d.oid = c.typbasetype
        )
        SELECT pg_catalog.bool_or(c.typnotnull AND c.typtype = 'd') AS not_null,
            pg_catalog.bool_or(c.typdefault IS NOT NULL AND c.typtype = 'd') AS has_default,
            (pg_catalog.array_agg(c.oid) FILTER (WHERE c.typtype <> 'd'))[1] AS base
        FROM chain c
    ) domains ON true
    -- a view of one table, in which the column has its name, refuses and gives what the table does
    CROSS JOIN LATERAL (
        SELECT coalesce(pg_catalog.bool_or(o.attnotnull), false) AS not_null,
            t.relkind = 'v' AND coalesce(pg_catalog.bool_or(o.atthasdef OR o.attidentity <> ''), true) AS has_default
        FROM pg_catalog.pg_rewrite r
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> t.oid
        JOIN pg_catalog.pg_attribute o ON o.attrelid = d.refobjid AND o.attnum = d.refobjsubid
        WHERE t.relkind = 'v' AND r.ev_class = t.oid AND pg_catalog.pg_column_is_updatable(t.oid, a.attnum, false)
            AND o.attname = a.attname AND o.atttypid = a.atttypid
    ) views
)
SELECT ARRAY['table', t.place::pg_catalog.text, t.oid::pg_catalog.text, t.name,
    (t.relkind IN ('r', 'p', 'f'))::pg_catalog.text]
FROM tables t
UNION ALL
SELECT ARRAY['column', c.place::pg_catalog.text, c.attname::pg_catalog.text, c.attnum::pg_catalog.text,
    pg_catalog.format_type(c.atttypid, c.atttypmod), c.not_null::pg_catalog.text,
    (c.atthasdef OR c.attidentity <> '' OR c.given)::pg_catalog.text,
    CASE WHEN c.attgenerated = '' THEN (
        SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
        WHERE d.adrelid = c.attrelid AND d.adnum = c.attnum
    ) END,
    (c.attgenerated <> '')::pg_catalog.text,
    (SELECT coalesce(pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]')::pg_catalog.text
        FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (c.base, b.typelem)),
    (SELECT coalesce(pg_catalog.jsonb_agg(
            pg_catalog.concat_ws(' ', f.attname, pg_catalog.format_type(f.atttypid, f.atttypmod)) ORDER BY f.attnum
        ), '[]')::pg_catalog.text
        FROM pg_catalog.pg_type i
        JOIN pg_catalog.pg_attribute f ON f.attrelid = i.typrelid AND f.attnum > 0 AND NOT f.attisdropped
        WHERE i.oid IN (c.base, b.typelem) AND i.typtype = 'c'),
    EXISTS (
        SELECT FROM pg_catalog.pg_trigger g
        JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
        -- for each row, before, on insert
        WHERE g.tgrelid = c.attrelid AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 7 = 7
            -- a function that builds rows need not name the column
            AND (
                pg_catalog.strpos(f.prosrc || pg_catalog.encode(g.tgargs, 'escape'), c.attname) > 0
                OR f.prosrc ~* '\m(execute|(json|jsonb)_populate_record|populate_record|hstore)\M|\mnew\s*:?=|\minto\s+new\M'
            )
    )::pg_catalog.text,
    CASE WHEN c.atttypid >= 16384 OR b.oid >= 16384
        THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(b.typname) END]
FROM columns c
JOIN pg_catalog.pg_type b ON b.oid = c.base
JOIN pg_catalog.pg_namespace n ON n.oid = b.typnamespace
UNION ALL
SELECT ARRAY['demand', t.place::pg_catalog.text, 'false', (
        SELECT coalesce(pg_catalog.jsonb_agg(a.attname ORDER BY k.place), '[]')::pg_catalog.text
        FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k (number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
    ), pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(c.oid), ' NOT VALID$', '')]
FROM tables t
JOIN pg_catalog.pg_constraint c ON c.conrelid = t.oid AND c.contype IN ('c', 'f', 'x')
UNION ALL
SELECT ARRAY['demand', t.place::pg_catalog.text, 'true',
    -- ON CONFLICT can name it by its columns alone
    CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL AND i.indimmediate THEN k.columns::pg_catalog.text ELSE '[]' END,
    'UNIQUE (' || k.texts || ')' || coalesce(' WHERE ' || pg_catalog.pg_get_expr(i.indpred, t.oid), '')]
FROM tables t
JOIN pg_catalog.pg_index i ON i.indrelid = t.oid AND i.indisunique AND i.indislive
CROSS JOIN LATERAL (
    SELECT pg_catalog.jsonb_agg(a.attname ORDER BY n) AS columns,
        pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n) AS texts
    FROM pg_catalog.generate_series(1, i.indnkeyatts) n
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[n - 1]
) k
UNION ALL
SELECT ARRAY['renamed', c.oid::pg_catalog.text,
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)]
FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS earlier (oid)
JOIN pg_catalog.pg_class c ON c.oid = earlier.oid::pg_catalog.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
