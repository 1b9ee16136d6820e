-- Which tables have triggers that are put off: PostgreSQL itself says so, as it refuses to change a table with pending events.
-- Counters of rows do not tell: two triggers that empty and fill each other's table leave them as they were. Only a table that
-- this transaction holds a lock for writing on can have any.
DO $glowplug$
DECLARE
    candidate record;
    found text := COALESCE(pg_catalog.current_setting('glowplug.pending', true), '');
BEGIN
    FOR candidate IN
        SELECT c.oid, format('%I.%I', s.nspname, c.relname) AS name, c.relkind, c.relowner
        FROM pg_catalog.pg_locks k
        JOIN pg_catalog.pg_class c ON c.oid = k.relation
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
        WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.mode = 'RowExclusiveLock' AND k.granted
            AND c.relkind IN ('r', 'p', 'f', 'v')
            AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgdeferrable)
        ORDER BY c.oid
    LOOP
        BEGIN
            IF NOT pg_has_role(candidate.relowner, 'USAGE') AND pg_has_role(candidate.relowner, 'MEMBER') THEN
                EXECUTE format('SET LOCAL ROLE %I', pg_get_userbyid(candidate.relowner));
            END IF;
            EXECUTE format('ALTER %s %s RESET (fillfactor)', CASE candidate.relkind WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                candidate.name);
            RAISE EXCEPTION USING ERRCODE = 'GPQ00';
        EXCEPTION
            -- pending events, or, of a table that is not ours, nobody knows
            WHEN object_in_use OR insufficient_privilege THEN
                found := found || candidate.name || E'\n';
            WHEN lock_not_available OR query_canceled OR deadlock_detected THEN
                RAISE;
            WHEN OTHERS THEN
                NULL;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('glowplug.pending', found, true);
END
$glowplug$
