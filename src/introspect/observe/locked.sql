-- Counts the rows that this transaction has locked and not changed, in glowplug.locked: {"oid of the table": rows}.
DO $locked$
DECLARE
    since bigint := pg_catalog.pg_current_xact_id()::pg_catalog.text::bigint;
    rel record;
    rows bigint;
    found jsonb := '{}';
BEGIN
    FOR rel IN
        SELECT c.oid, format('%I.%I', s.nspname, c.relname) AS name
        FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind = 'r'
        JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
        WHERE l.pid = pg_catalog.pg_backend_pid() AND l.mode = 'RowShareLock' AND l.granted AND c.oid >= 16384
    LOOP
        BEGIN
            EXECUTE format('SELECT count(*) FROM ONLY %s WHERE xmax::text::bigint >= %s', rel.name, since) INTO rows;
            found := found || jsonb_build_object(rel.oid::text, rows);
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('glowplug.locked', found::text, true);
END
$locked$
