-- Lets tables grow to as many rows as glowplug.grow says: {"schema.table": rows}. What is there already is the pattern of the rest; a throwaway
-- database only. Triggers and foreign keys do not fire: the session is a replica.
DO $grow$
DECLARE
    wanted jsonb := pg_catalog.current_setting('glowplug.grow')::jsonb;
    -- columns whose values a script asks something of: they repeat what is there
    hints jsonb := COALESCE(NULLIF(pg_catalog.current_setting('glowplug.seed_hints', true), '')::jsonb, '{}');
    -- how many different values columns have in production: {"schema.table": {"column": number}}
    several jsonb := COALESCE(NULLIF(pg_catalog.current_setting('glowplug.several', true), '')::jsonb, '{}');
    done oid[] := '{}';
    rel record;
    leaf record;
    progress boolean := true;
    last_pass boolean := false;
    names text;
    vals text;
    parents text;
    attempt int;
    present bigint;
    seeds bigint;
BEGIN
    WHILE progress LOOP
        progress := false;
        FOR rel IN
            SELECT c.oid, c.relkind, w.key AS name, w.value::bigint AS rows
            FROM jsonb_each_text(wanted) w
            JOIN pg_catalog.pg_class c ON c.relkind IN ('r', 'p')
            JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND format('%I.%I', s.nspname, c.relname) = w.key
            WHERE c.oid <> ALL (done)
            ORDER BY c.oid
        LOOP
            -- those that it refers to come first
            CONTINUE WHEN NOT last_pass AND EXISTS (
                SELECT FROM pg_catalog.pg_constraint k
                JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
                JOIN pg_catalog.pg_namespace s ON s.oid = f.relnamespace
                WHERE k.contype = 'f' AND k.conrelid = rel.oid AND k.confrelid <> rel.oid AND k.confrelid <> ALL (done)
                    AND wanted ? format('%I.%I', s.nspname, f.relname)
            );
            done := done || rel.oid;
            progress := true;
            FOR leaf IN
                SELECT l.oid, format('%I.%I', s.nspname, l.relname) AS name, (rel.rows / count(*) OVER ())::bigint AS rows,
                    k.attname AS key, l.oid <> rel.oid AS is_leaf, b.literal
                FROM pg_catalog.pg_class l
                JOIN pg_catalog.pg_namespace s ON s.oid = l.relnamespace
                LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = l.oid AND l.relispartition
                LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = h.inhparent
                LEFT JOIN pg_catalog.pg_attribute k ON k.attrelid = l.oid
                    AND k.attname = (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = h.inhparent AND a.attnum = p.partattrs[0] AND p.partattrs[0] > 0)
                LEFT JOIN pg_catalog.pg_type y ON y.oid = k.atttypid
                CROSS JOIN LATERAL (
                    SELECT CASE
                        WHEN pg_get_expr(l.relpartbound, l.oid) = 'DEFAULT' THEN CASE
                            WHEN y.typcategory = 'D' THEN '2999-12-31'
                            WHEN y.typname = 'int2' THEN '32000'
                            WHEN y.typcategory = 'N' THEN '2147000000'
                            ELSE 'zz-seed'
                        END
                        ELSE (regexp_match(pg_get_expr(l.relpartbound, l.oid), '(?:FROM|IN) \(''?([^'',)]*)'))[1]
                    END AS literal
                ) b
                WHERE CASE
                    WHEN rel.relkind = 'r' OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table q WHERE q.partrelid = rel.oid AND q.partstrat = 'h') THEN l.oid = rel.oid
                    ELSE l.oid IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(rel.oid) t WHERE t.isleaf AND t.relid <> rel.oid)
                END
                ORDER BY l.oid
            LOOP
                EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT %s) t', leaf.name, leaf.rows) INTO present;
                CONTINUE WHEN present >= leaf.rows;
                -- a partition without rows takes the pattern of its table
                EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT 8) t', CASE WHEN present > 0 THEN leaf.name ELSE rel.name END) INTO seeds;
                CONTINUE WHEN seeds = 0;
                -- 0: as 1, and a few rows have what a script looks for; 1: values of their own wherever a type has enough of them;
                -- 2: only where they must differ; 3: what may be empty is
                FOR attempt IN COALESCE(NULLIF(pg_catalog.current_setting('glowplug.grow_from', true), '')::int, 0) .. 3 LOOP
                    SELECT string_agg(quote_ident(v.attname), ', ' ORDER BY v.attnum),
                        string_agg(CASE
                            WHEN v.attname = leaf.key AND present = 0 THEN format('%L', leaf.literal)
                            ELSE COALESCE(replace(v.sought, chr(1), v.value || '::' || v.type), v.value)
                        END || '::' || v.type, ', ' ORDER BY v.attnum),
                        string_agg(DISTINCT format(
                            'LEFT JOIN LATERAL (SELECT %s, count(*) AS n FROM (SELECT %s FROM %s LIMIT %s) f) k%s ON true',
                            v.aggregates, v.referred, v.parent, CASE WHEN v.is_unique THEN rel.rows ELSE 500 END, v.fk
                        ), ' ') FILTER (WHERE v.fk IS NOT NULL)
                    INTO names, vals, parents
                    FROM (
                        SELECT a.attname, a.attnum, u.is_unique, k.fk, k.aggregates, k.referred, k.parent, format_type(a.atttypid, a.atttypmod) AS type,
                            CASE
                                WHEN a.attname = leaf.key THEN 't.' || quote_ident(a.attname)
                                WHEN k.fk IS NOT NULL THEN format('k%s.a%s[1 + (g.v - 1) %% NULLIF(k%s.n, 0)]', k.fk, k.position, k.fk)
                                WHEN attempt = 3 AND NOT a.attnotnull AND NOT u.is_unique THEN 'NULL'
                                WHEN NOT u.is_unique AND (attempt > 1 OR u.is_checked OR jsonb_typeof(hints -> a.attname) IN ('array', 'string')) THEN 't.' || quote_ident(a.attname)
                                WHEN b.typname = 'int2' THEN '(g.v - 1) % 32000 + 1'
                                WHEN b.typname = 'numeric' AND m.typmod > 0
                                    THEN format('(g.v %% (10::numeric ^ %s))', least(((m.typmod - 4) >> 16) - ((m.typmod - 4) & 2047), 15))
                                WHEN b.typname IN ('int4', 'int8', 'numeric', 'float4', 'float8') THEN 'g.v'
                                WHEN b.typname IN ('varchar', 'bpchar') AND m.typmod > 0 AND m.typmod < 12
                                    THEN format('left(lpad(to_hex(g.v), 4, ''0''), %s)', m.typmod - 4)
                                WHEN b.typname IN ('text', 'varchar', 'bpchar', 'citext', 'name') THEN '(''seed'' || g.v)'
                                WHEN b.typname = 'uuid' THEN 'md5(g.v::text)'
                                WHEN b.typname IN ('timestamp', 'timestamptz') THEN '(timestamp ''2020-01-01'' + g.v * interval ''1 minute'')'
                                WHEN b.typname = 'date' THEN '(date ''1900-01-01'' + g.v::int)'
                                WHEN b.typname IN ('time', 'timetz') THEN '(time ''00:00'' + (g.v % 86400) * interval ''1 second'')'
                                WHEN b.typname = 'interval' THEN '(g.v * interval ''1 second'')'
                                WHEN b.typname = 'bytea' THEN 'decode(lpad(to_hex(g.v), 8, ''0''), ''hex'')'
                                WHEN b.typname IN ('json', 'jsonb') THEN 'jsonb_build_object(''seed'', g.v)'
                                WHEN b.typname = 'inet' THEN '(inet ''10.0.0.0'' + g.v)'
                                WHEN b.typname IN ('int4range', 'int8range', 'numrange') THEN format('%I(g.v::%s, g.v::%s + 1)', b.typname,
                                    CASE b.typname WHEN 'int4range' THEN 'int' WHEN 'int8range' THEN 'bigint' ELSE 'numeric' END,
                                    CASE b.typname WHEN 'int4range' THEN 'int' WHEN 'int8range' THEN 'bigint' ELSE 'numeric' END)
                                WHEN b.typname = 'daterange' THEN 'daterange(date ''1900-01-01'' + g.v::int, date ''1900-01-01'' + g.v::int + 1)'
                                WHEN b.typname IN ('tsrange', 'tstzrange') THEN format(
                                    '%I(timestamp ''2020-01-01'' + g.v * interval ''1 minute'', timestamp ''2020-01-01'' + (g.v + 1) * interval ''1 minute'')', b.typname)
                                ELSE 't.' || quote_ident(a.attname)
                            END AS value,
                            -- chr(1) stands for the value of the other rows
                            CASE
                                WHEN attempt > 0 OR u.is_checked OR k.fk IS NOT NULL OR jsonb_typeof(hints -> a.attname) <> 'object' THEN NULL
                                WHEN hints -> a.attname ? 'near' AND NOT u.is_unique THEN CASE
                                    WHEN b.typname IN ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8') AND hints -> a.attname ->> 'near' ~ '^-?[0-9]{1,15}$'
                                        THEN format('(%s + %s)', hints -> a.attname ->> 'near', s.beside)
                                    WHEN b.typname IN ('date', 'timestamp', 'timestamptz') AND hints -> a.attname ->> 'near' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
                                        THEN format('(timestamp %L + %s * interval ''1 day'')', hints -> a.attname ->> 'near', s.beside)
                                END
                                ELSE (
                                    SELECT format('CASE %s %s ELSE %s END',
                                        CASE WHEN u.is_unique OR (hints -> a.attname ->> 'once')::boolean THEN 'g.v' ELSE format('(g.v - 1) %% %s + 1', greatest(
                                            count(*), COALESCE(
                                                (several -> rel.name ->> a.attname)::numeric::bigint,
                                                count(*) * (hints -> a.attname ->> 'of')::int
                                            )
                                        )) END,
                                        string_agg(format('WHEN %s THEN %L::%s', h.n, h.value, format_type(a.atttypid, a.atttypmod)), ' ' ORDER BY h.n), chr(1))
                                    FROM jsonb_array_elements_text(hints -> a.attname -> 'some') WITH ORDINALITY h(value, n)
                                    WHERE h.value ~ CASE b.typcategory WHEN 'S' THEN '' WHEN 'N' THEN '^-?[0-9]{1,15}(\.[0-9]+)?$' WHEN 'D' THEN '^[0-9]{4}-[0-9]{2}-[0-9]{2}' WHEN 'U' THEN CASE WHEN b.typname = 'uuid' THEN '^[0-9a-fA-F-]{36}$' END END
                                    HAVING count(*) > 0
                                )
                            END AS sought
                        FROM pg_catalog.pg_attribute a
                        JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                        JOIN pg_catalog.pg_type b ON b.oid = COALESCE(NULLIF(y.typbasetype, 0), y.oid)
                        CROSS JOIN LATERAL (SELECT CASE WHEN y.typtype = 'd' THEN y.typtypmod ELSE a.atttypmod END AS typmod) m
                        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                        CROSS JOIN LATERAL (
                            SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = leaf.oid AND (i.indisunique OR i.indisexclusion) AND a.attnum = ANY (i.indkey::int2[])) AS is_unique,
                                EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = leaf.oid AND c.contype = 'c' AND a.attnum = ANY (c.conkey))
                                    OR a.attname = leaf.key AS is_checked
                        ) u
                        LEFT JOIN LATERAL (
                            SELECT c.oid AS fk, array_position(c.conkey, a.attnum) AS position, c.confrelid::regclass::text AS parent,
                                (SELECT string_agg(format('array_agg(f.%I) AS a%s', f.attname, o.n), ', ' ORDER BY o.n)
                                    FROM unnest(c.confkey) WITH ORDINALITY o(attnum, n)
                                    JOIN pg_catalog.pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = o.attnum) AS aggregates,
                                (SELECT string_agg(quote_ident(f.attname), ', ' ORDER BY o.n)
                                    FROM unnest(c.confkey) WITH ORDINALITY o(attnum, n)
                                    JOIN pg_catalog.pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = o.attnum) AS referred
                            FROM pg_catalog.pg_constraint c
                            WHERE c.conrelid = leaf.oid AND c.contype = 'f' AND c.confrelid NOT IN (leaf.oid, rel.oid) AND a.attnum = ANY (c.conkey)
                            ORDER BY c.oid
                            LIMIT 1
                        ) k ON true
                        CROSS JOIN LATERAL (
                            SELECT format('CASE WHEN g.v %% %s = 0 THEN 1 ELSE -1 - g.v %% 1000 END', hints -> a.attname ->> 'of') AS beside
                        ) s
                        WHERE a.attrelid = leaf.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                            AND (k.fk IS NOT NULL OR a.attidentity = '' AND NOT COALESCE(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false))
                    ) v;
                    BEGIN
                        EXECUTE format(
                            'WITH t AS MATERIALIZED (SELECT row_number() OVER () - 1 AS glowplug_n, s.* FROM (SELECT * FROM %s LIMIT 8) s)
                             INSERT INTO %s %s SELECT %s FROM (SELECT i + %s AS v FROM generate_series(1, %s) i) g
                             JOIN t ON t.glowplug_n = g.v %% %s %s ON CONFLICT DO NOTHING',
                            CASE WHEN present > 0 THEN leaf.name ELSE rel.name END, leaf.name, '(' || names || ')', vals, present, leaf.rows - present, seeds, COALESCE(parents, '')
                        );
                        EXIT;
                    EXCEPTION WHEN OTHERS THEN
                        NULL;
                    END;
                END LOOP;
            END LOOP;
        END LOOP;
        IF NOT progress AND NOT last_pass THEN
            last_pass := true;
            progress := true;
        END IF;
    END LOOP;
END
$grow$
