-- Puts a few rows into every table of the project, as far as its constraints let plain values pass. A throwaway database only.
DO $seed$
DECLARE
    rel record;
    names text;
    vals text;
    needed_names text;
    needed_vals text;
    -- what the second row has: it leaves out what may be left out
    some_vals text;
    -- whether a row may refer to one before it
    refers_back boolean;
    row_number int;
    again boolean := true;
    put boolean;
    missed boolean;
    pass int := 0;
    -- values that a script asks for, by the name of the column; where they are given, no column is left out
    hints jsonb := NULLIF(current_setting('glowplug.seed_hints', true), '')::jsonb;
    col record;
    candidate text;
    checks record;
    fits boolean;
    -- values that the constraints of a column let pass
    fitting text[];
BEGIN
    -- tables that others refer to come first: those that fail are tried again
    WHILE again AND pass < 4 LOOP
        again := false;
        missed := false;
        pass := pass + 1;
        FOR rel IN
            SELECT c.oid, format('%I.%I', s.nspname, c.relname) AS name
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND s.nspname !~ '^(pg_|information_schema$)'
                AND age(c.xmin) <= age(current_setting('glowplug.seeded')::xid)
                -- all, where no names are given
                AND (COALESCE(current_setting('glowplug.seeded_tables', true), '') = ''
                    OR format('%I.%I', s.nspname, c.relname) IN (
                        SELECT u.name
                        FROM unnest(string_to_array(current_setting('glowplug.seeded_tables', true), chr(1))) u(name)
                    ))
                AND c.relname NOT IN ('__diesel_schema_migrations', '__glowplug_journal')
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ORDER BY c.oid
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', rel.name) INTO put;
            CONTINUE WHEN put;
            -- once for all rows: chr(3) stands for the number of the row
            SELECT string_agg(quote_ident(v.attname), ', ' ORDER BY v.attnum),
                string_agg(v.value, ', ' ORDER BY v.attnum),
                string_agg(quote_ident(v.attname), ', ' ORDER BY v.attnum) FILTER (WHERE v.attnotnull),
                string_agg(v.value, ', ' ORDER BY v.attnum) FILTER (WHERE v.attnotnull),
                string_agg(CASE WHEN v.attnotnull OR hints IS NOT NULL THEN v.value ELSE 'DEFAULT' END, ', ' ORDER BY v.attnum),
                bool_or(v.is_own AND NOT v.attnotnull)
            INTO names, vals, needed_names, needed_vals, some_vals, refers_back
            FROM (
                SELECT p.attname, p.attnum, p.attnotnull, COALESCE(k.confrelid = rel.oid, false) AS is_own, CASE
                    WHEN k.conrelid IS NULL THEN p.value
                    -- a foreign key takes what is there, and where it has to, the row itself
                    WHEN k.confrelid = rel.oid AND p.attnotnull THEN p.value
                    WHEN k.confrelid = rel.oid THEN format('(SELECT %I FROM %s ORDER BY 1 LIMIT 1)', k.attname, rel.name)
                    ELSE format('(SELECT %I FROM %s ORDER BY 1 OFFSET %s - 1 LIMIT 1)', k.attname, k.confrelid::regclass, chr(3))
                END AS value
                FROM (
                    SELECT a.attname, a.attnum, a.attnotnull, CASE
                        WHEN b.typcategory IN ('S', 'N') AND jsonb_typeof(hints -> a.attname) = 'array' THEN (
                            SELECT format('(ARRAY[%s])[1 + (%s - 1) %% %s]::%s',
                                string_agg(quote_literal(h.value), ', ' ORDER BY h.ordinality), chr(3), count(*), format_type(a.atttypid, a.atttypmod))
                            FROM jsonb_array_elements_text(hints -> a.attname) WITH ORDINALITY h
                        )
                        -- what a script looks for: a row has each, as far as there are rows
                        WHEN (b.typcategory IN ('S', 'N') OR b.typname = 'uuid') AND jsonb_typeof(hints -> a.attname -> 'some') = 'array' THEN (
                            SELECT format('(ARRAY[%s])[%s]::%s', string_agg(quote_literal(CASE
                                WHEN h.value IS NOT NULL AND (b.typcategory = 'S' OR h.value ~ CASE b.typname WHEN 'uuid' THEN '^[0-9a-fA-F-]{36}$' ELSE '^-?[0-9]{1,15}(\.[0-9]+)?$' END) THEN h.value
                                WHEN b.typcategory = 'S' THEN 'seed' || g.n
                                WHEN b.typname = 'uuid' THEN '00000000-0000-4000-8000-00000000000' || g.n
                                ELSE g.n::text
                            END), ', ' ORDER BY g.n), chr(3), format_type(a.atttypid, a.atttypmod))
                            FROM generate_series(1, 3) g(n)
                            LEFT JOIN jsonb_array_elements_text(hints -> a.attname -> 'some') WITH ORDINALITY h(value, n) ON h.n = g.n
                        )
                        WHEN b.typcategory = 'S' AND to_regtype(CASE jsonb_typeof(hints -> a.attname) WHEN 'string' THEN hints ->> a.attname END) IN (SELECT e.enumtypid FROM pg_catalog.pg_enum e) THEN
                            format('(enum_range(NULL::%s))[1 + %s %% array_length(enum_range(NULL::%1$s), 1)]::text', to_regtype(hints ->> a.attname), chr(3))
                        WHEN y.typtype = 'e' THEN format('(enum_range(NULL::%s))[1 + %s %% array_length(enum_range(NULL::%1$s), 1)]', format_type(y.oid, NULL), chr(3))
                        WHEN b.typcategory = 'N' THEN format('%s::%s', chr(3), format_type(a.atttypid, a.atttypmod))
                        WHEN b.typcategory = 'B' THEN '(' || chr(3) || ' % 2 = 0)'
                        WHEN b.typcategory = 'S' THEN format('%L::%s', 'seed' || chr(3), format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'D' AND b.typname = 'time' THEN format('%L::%s', '0' || chr(3) || ':00', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'D' THEN format('%L::%s', '2024-06-0' || chr(3), format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'T' THEN format('%L::%s', chr(3) || ' hours', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'A' THEN format('%L::%s', '{}', format_type(a.atttypid, NULL))
                        WHEN b.typtype = 'r' AND (
                            SELECT s.typcategory = 'N' FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype WHERE r.rngtypid = b.oid
                        ) THEN format('%L::%s', '[' || chr(3) || '0,' || chr(3) || '1)', format_type(a.atttypid, NULL))
                        WHEN b.typtype = 'r' AND (
                            SELECT s.typcategory = 'D' FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype WHERE r.rngtypid = b.oid
                        ) THEN format('%L::%s', '[2024-06-0' || chr(3) || ',2024-07-0' || chr(3) || ')', format_type(a.atttypid, NULL))
                        WHEN b.typtype = 'm' THEN format('%L::%s', '{}', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'R' THEN format('%L::%s', 'empty', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'I' THEN format('%L::%s', '10.0.0.' || chr(3), format_type(a.atttypid, NULL))
                        WHEN b.typname = 'uuid' THEN format('%L::uuid', '00000000-0000-4000-8000-00000000000' || chr(3))
                        WHEN b.typname IN ('json', 'jsonb') THEN format('%L::%s', '{"seed": ' || chr(3) || '}', format_type(a.atttypid, NULL))
                        WHEN b.typname = 'bytea' THEN format('%L::bytea', E'\\x0' || chr(3))
                        ELSE 'NULL'
                    END AS value
                    FROM pg_catalog.pg_attribute a
                    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                    JOIN pg_catalog.pg_type b ON b.oid = COALESCE(NULLIF(y.typbasetype, 0), y.oid)
                    WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND a.attgenerated = '' AND a.attidentity = '' AND (NOT a.atthasdef OR hints ? a.attname)
                ) p
                LEFT JOIN LATERAL (
                    SELECT k.conrelid, k.confrelid, f.attname
                    FROM pg_catalog.pg_constraint k
                    JOIN pg_catalog.pg_attribute f ON f.attrelid = k.confrelid
                        AND f.attnum = k.confkey[array_position(k.conkey, p.attnum)]
                    WHERE k.conrelid = rel.oid AND k.contype = 'f' AND p.attnum = ANY (k.conkey)
                    ORDER BY k.oid
                    LIMIT 1
                ) k ON true
            ) v;
            -- all at once, and where that fails one by one
            IF names IS NOT NULL AND NOT refers_back THEN
                BEGIN
                    EXECUTE format(
                        'INSERT INTO %s (%s) VALUES (%s), (%s), (%s)',
                        rel.name, names, replace(vals, chr(3), '1'), replace(some_vals, chr(3), '2'), replace(vals, chr(3), '3')
                    );
                    put := true;
                EXCEPTION WHEN OTHERS THEN
                    NULL;
                END;
            END IF;
            IF NOT put THEN
                FOR row_number IN 1 .. 3 LOOP
                    BEGIN
                        IF names IS NULL THEN
                            EXECUTE format('INSERT INTO %s DEFAULT VALUES', rel.name);
                        ELSIF row_number = 2 AND needed_names IS NOT NULL THEN
                            EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', rel.name, needed_names, replace(needed_vals, chr(3), '2'));
                        ELSE
                            EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', rel.name, names, replace(vals, chr(3), row_number::text));
                        END IF;
                        put := true;
                    EXCEPTION WHEN OTHERS THEN
                        BEGIN
                            IF needed_names IS NOT NULL THEN
                                EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', rel.name, needed_names, replace(needed_vals, chr(3), row_number::text));
                                put := true;
                            END IF;
                        EXCEPTION WHEN OTHERS THEN
                            NULL;
                        END;
                    END;
                END LOOP;
            END IF;
            -- values that its checks, its domains and the bounds of its partitions name, where those let none of the usual ones pass
            IF NOT put AND names IS NOT NULL THEN
                names := NULL;
                vals := NULL;
                FOR col IN
                    SELECT a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) AS type, b.typcategory,
                        (SELECT format('(SELECT %I FROM %s ORDER BY 1 LIMIT 1)', f.attname, k.confrelid::regclass)
                            FROM pg_catalog.pg_constraint k
                            JOIN pg_catalog.pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[array_position(k.conkey, a.attnum)]
                            WHERE k.conrelid = rel.oid AND k.contype = 'f' AND k.confrelid <> rel.oid AND a.attnum = ANY (k.conkey)
                            ORDER BY k.oid LIMIT 1) AS referred,
                        CASE
                            WHEN b.typcategory IN ('S', 'N') AND jsonb_typeof(hints -> a.attname) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(hints -> a.attname))
                            ELSE '{}'
                        END || CASE
                            WHEN y.typtype = 'e' THEN (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = y.oid)
                            WHEN b.typcategory = 'B' THEN '{true,false}'
                            WHEN b.typcategory = 'N' THEN '{1,2,3}'
                            WHEN b.typcategory = 'S' THEN '{seed1,seed2,seed3}'
                            WHEN b.typcategory = 'D' AND b.typname = 'time' THEN '{01:00,02:00}'
                            WHEN b.typcategory = 'D' THEN '{2024-06-01,2024-06-02}'
                            WHEN b.typcategory = 'T' THEN '{1 hour}'
                            WHEN b.typcategory = 'I' THEN '{10.0.0.1}'
                            WHEN b.typname = 'uuid' THEN '{00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002}'
                            WHEN b.typname IN ('json', 'jsonb') THEN ARRAY['{"seed": 1}', '{}', '[]']
                            WHEN b.typname = 'bytea' THEN ARRAY['\x01']
                            ELSE ARRAY['{}', '(,)', 'empty']
                        END AS usual,
                        array_to_string(ARRAY(
                            SELECT pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
                            WHERE k.contype = 'c' AND (k.conrelid = rel.oid AND a.attnum = ANY (k.conkey) OR k.contypid = a.atttypid)
                            UNION ALL
                            SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_partition_tree(rel.oid) p
                            JOIN pg_catalog.pg_class c ON c.oid = p.relid WHERE p.level > 0
                        ), ' ') AS told
                    FROM pg_catalog.pg_attribute a
                    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                    JOIN pg_catalog.pg_type b ON b.oid = COALESCE(NULLIF(y.typbasetype, 0), y.oid)
                    WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
                        AND (NOT a.atthasdef OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = rel.oid AND a.attnum = ANY (p.partattrs::int2[])))
                    ORDER BY a.attnum
                LOOP
                    fitting := NULL;
                    FOR candidate IN
                        SELECT u.value FROM unnest(col.usual) u(value)
                        UNION ALL
                        SELECT replace(m[1], '''''', '''') FROM regexp_matches(col.told, '''((?:[^'']|'''')*)''', 'g') m
                        UNION ALL
                        SELECT (m[1]::numeric + d)::text FROM regexp_matches(col.told, '(-?[0-9]{1,15}(?:\.[0-9]{1,6})?)', 'g') m, unnest(ARRAY[0, 1, -1]) d
                        WHERE col.typcategory = 'N'
                        UNION ALL
                        SELECT repeat('x', m[1]::int + d) FROM regexp_matches(col.told, '([0-9]{1,3})', 'g') m, unnest(ARRAY[0, 1, -1]) d
                        WHERE col.typcategory = 'S'
                    LOOP
                        EXIT WHEN array_length(fitting, 1) >= 8;
                        BEGIN
                            fits := true;
                            -- a domain says no here
                            EXECUTE format('SELECT %L::%s', candidate, col.type);
                            FOR checks IN
                                SELECT pg_get_expr(k.conbin, k.conrelid) AS expression FROM pg_catalog.pg_constraint k
                                WHERE k.conrelid = rel.oid AND k.contype = 'c' AND k.conkey = ARRAY[col.attnum]
                            LOOP
                                EXECUTE format('SELECT (%s) IS NOT FALSE FROM (SELECT %L::%s AS %I) one', checks.expression, candidate, col.type, col.attname) INTO fits;
                                EXIT WHEN NOT fits;
                            END LOOP;
                            IF fits THEN
                                fitting := fitting || candidate;
                            END IF;
                        EXCEPTION WHEN OTHERS THEN
                            NULL;
                        END;
                    END LOOP;
                    CONTINUE WHEN fitting IS NULL AND col.referred IS NULL;
                    names := concat_ws(', ', names, quote_ident(col.attname));
                    -- those of partitions come after the usual ones, and each is tried
                    vals := concat_ws(', ', vals, COALESCE(col.referred, format('(%L::text[])[1 + %s %% %s]::%s', fitting, chr(3), array_length(fitting, 1), col.type)));
                END LOOP;
                FOR row_number IN 0 .. 7 LOOP
                    EXIT WHEN names IS NULL;
                    BEGIN
                        EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', rel.name, names, replace(vals, chr(3), row_number::text));
                        put := true;
                    EXCEPTION WHEN OTHERS THEN
                        NULL;
                    END;
                END LOOP;
            END IF;
            again := again OR put;
            missed := missed OR NOT put;
        END LOOP;
        again := again AND missed;
    END LOOP;
END
$seed$
