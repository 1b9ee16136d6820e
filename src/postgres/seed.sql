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
                string_agg(CASE WHEN v.attnotnull THEN v.value ELSE 'DEFAULT' END, ', ' ORDER BY v.attnum),
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
                        WHEN y.typtype = 'e' THEN format('(enum_range(NULL::%s))[1 + %s %% array_length(enum_range(NULL::%1$s), 1)]', format_type(y.oid, NULL), chr(3))
                        WHEN b.typcategory = 'N' THEN format('%s::%s', chr(3), format_type(a.atttypid, a.atttypmod))
                        WHEN b.typcategory = 'B' THEN '(' || chr(3) || ' % 2 = 0)'
                        WHEN b.typcategory = 'S' THEN format('%L::%s', 'seed' || chr(3), format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'D' AND b.typname = 'time' THEN format('%L::%s', '0' || chr(3) || ':00', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'D' THEN format('%L::%s', '2024-06-0' || chr(3), format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'T' THEN format('%L::%s', chr(3) || ' hours', format_type(a.atttypid, NULL))
                        WHEN b.typcategory = 'A' THEN format('%L::%s', '{}', format_type(a.atttypid, NULL))
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
                        AND a.attgenerated = '' AND a.attidentity = '' AND NOT a.atthasdef
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
            again := again OR put;
            missed := missed OR NOT put;
        END LOOP;
        again := again AND missed;
    END LOOP;
END
$seed$
