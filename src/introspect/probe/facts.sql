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
        a.attnotnull OR coalesce(domains.not_null, false) AS not_null,
        coalesce(domains.has_default, false) AS domain_has_default,
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
)
SELECT ARRAY['table', t.place::pg_catalog.text, t.oid::pg_catalog.text, t.name,
    (t.relkind IN ('r', 'p', 'f'))::pg_catalog.text]
FROM tables t
UNION ALL
SELECT ARRAY['column', c.place::pg_catalog.text, c.attname::pg_catalog.text, c.attnum::pg_catalog.text,
    pg_catalog.format_type(c.atttypid, c.atttypmod), c.not_null::pg_catalog.text,
    (c.atthasdef OR c.attidentity <> '' OR c.domain_has_default)::pg_catalog.text,
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
SELECT ARRAY['renamed', c.oid::pg_catalog.text,
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)]
FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS earlier (oid)
JOIN pg_catalog.pg_class c ON c.oid = earlier.oid::pg_catalog.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
