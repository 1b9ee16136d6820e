-- An empty ledger may go; one with events stays.
DO $body$
BEGIN
    IF EXISTS (SELECT FROM events) THEN
        RAISE EXCEPTION 'events holds history and is not dropped'
            USING ERRCODE = 'GP002', HINT = 'Keep the table. A later migration can stop using it.';
    END IF;
END
$body$;

DROP TABLE events;
DROP FUNCTION events_refuse();
