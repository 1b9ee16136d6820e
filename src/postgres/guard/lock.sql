-- Locks ledgers and their partitions against everything that could change their protection, and lets appends pass.
-- An owner who gave up UPDATE, DELETE and TRUNCATE may not LOCK TABLE: a comment that says what it said takes the same lock.
DO $glowplug$
DECLARE
    rel record;
    path text := pg_catalog.current_setting('search_path');
BEGIN
    -- what the script writes is told by the number of its transaction, which it has from here on
    PERFORM pg_catalog.pg_current_xact_id();
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOR rel IN
        WITH RECURSIVE tree AS (
            SELECT c.oid, 0 AS depth
            FROM jsonb_array_elements({ledgers}::jsonb) d (names)
            JOIN pg_catalog.pg_namespace s ON s.nspname = d.names ->> 0
            JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = d.names ->> 1
            UNION
            SELECT i.inhrelid, t.depth + 1 FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid WHERE t.depth < 16
        )
        SELECT c.oid, format('%I.%I', s.nspname, c.relname) AS name, c.relowner,
            has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE') AS may_lock,
            pg_has_role(c.relowner, 'USAGE') AS owns, pg_has_role(c.relowner, 'MEMBER') AS may_own,
            (SELECT format('ENABLE %sTRIGGER %I', CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, t.tgname)
                FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY t.tgname LIMIT 1) AS same_trigger,
            (SELECT format('COMMENT ON COLUMN %I.%I.%I IS %L', s.nspname, c.relname, a.attname, d.description)
                FROM pg_catalog.pg_attribute a
                LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = a.attnum AND d.classoid = 'pg_catalog.pg_class'::regclass
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY d.description IS NOT NULL, a.attnum LIMIT 1) AS same_comment
        FROM tree t
        JOIN pg_catalog.pg_class c ON c.oid = t.oid
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p')
        GROUP BY c.oid, s.nspname, c.relname, c.relowner
        -- in one order, so that two runs cannot wait for each other
        ORDER BY min(t.depth), c.oid
    LOOP
        IF rel.may_lock THEN
            EXECUTE format('LOCK TABLE ONLY %s IN {mode} MODE', rel.name);
        ELSIF rel.owns OR rel.may_own THEN
            IF NOT rel.owns THEN
                EXECUTE format('SET LOCAL ROLE %I', pg_get_userbyid(rel.relowner));
            END IF;
            IF {strong} AND rel.same_trigger IS NOT NULL THEN
                EXECUTE format('ALTER TABLE ONLY %s %s', rel.name, rel.same_trigger);
            ELSIF rel.same_comment IS NOT NULL THEN
                EXECUTE rel.same_comment;
            END IF;
            SET LOCAL ROLE TO DEFAULT;
        ELSIF has_table_privilege(rel.oid, 'SELECT') THEN
            EXECUTE format('LOCK TABLE ONLY %s IN ACCESS SHARE MODE', rel.name);
        END IF;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', path, true);
END
$glowplug$
