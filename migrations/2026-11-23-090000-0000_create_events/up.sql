-- The events ledger: rows are history. A wrong event is never edited; a correction is appended that points at it.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL CHECK (stream <> ''),
    kind text NOT NULL CHECK (kind <> ''),
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    corrects bigint REFERENCES events (id),
    CHECK (corrects < id)
);

CREATE INDEX events_stream ON events (stream, id);
CREATE INDEX events_corrects ON events (corrects) WHERE corrects IS NOT NULL;

COMMENT ON TABLE events IS 'Append-only. Correct an event by appending another that points at it.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened, as the application says.';
COMMENT ON COLUMN events.recorded_at IS 'When it was written down, as the server says.';
COMMENT ON COLUMN events.corrects IS 'The earlier event that this one corrects.';

CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'GP001', HINT = 'Append a correction: an event whose "corrects" is the id of the wrong one.';
END
$body$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_refuse();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse();

-- ALWAYS: session_replication_role = replica must not step around them
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_truncate;
