CREATE TABLE IF NOT EXISTS {journal} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version varchar(50) NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('up', 'down', 'stamp', 'unstamp', 'accept',
        'up-started', 'up-progress', 'down-started', 'down-progress', 'refused', 'attest')),
    run_on timestamp,
    up_sha256 text,
    down_sha256 text,
    at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    role text NOT NULL DEFAULT session_user,
    actor text NOT NULL,
    took_ms bigint,
    tool text NOT NULL,
    statement integer,
    statements integer,
    note text
);
COMMENT ON TABLE {journal} IS 'What glowplug ran here, by whom and with which files. Append-only. Format 1.';
CREATE OR REPLACE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION 'the journal of migrations is append-only: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Use glowplug stamp to correct what is recorded.';
END
$body$;
CREATE OR REPLACE TRIGGER __glowplug_journal_row BEFORE UPDATE OR DELETE ON {journal}
    FOR EACH ROW EXECUTE FUNCTION {refuse}();
CREATE OR REPLACE TRIGGER __glowplug_journal_truncate BEFORE TRUNCATE ON {journal}
    FOR EACH STATEMENT EXECUTE FUNCTION {refuse}();
ALTER TABLE {journal} ENABLE ALWAYS TRIGGER __glowplug_journal_row;
ALTER TABLE {journal} ENABLE ALWAYS TRIGGER __glowplug_journal_truncate;
