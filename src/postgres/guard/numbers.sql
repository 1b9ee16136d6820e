-- Puts the sequences of ledgers back that a script has set back: a rollback does not reach them.
DO $glowplug$
DECLARE
    it record;
    reached bigint;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOR it IN SELECT * FROM jsonb_to_recordset({numbers}::jsonb) AS n (sequence text, value bigint)
    LOOP
        BEGIN
            EXECUTE format('SELECT last_value FROM %s WHERE is_called', it.sequence) INTO reached;
            IF reached IS NULL OR reached < it.value THEN
                PERFORM setval(it.sequence::regclass, it.value);
            END IF;
        EXCEPTION
            WHEN query_canceled THEN
                RAISE;
            WHEN OTHERS THEN
                NULL;
        END;
    END LOOP;
END
$glowplug$
