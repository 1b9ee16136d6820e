-- $1: the statement that is reached with what follows in this transaction, $2: the digest of all up to it, $3: the one before it.
-- Where that is not the one that was reached last, or our entry would be written with what the script has set up, nothing is done.
PREPARE glowplug_progress (pg_catalog.int4, pg_catalog.text, pg_catalog.text) AS
INSERT INTO {journal} (version, name, kind, run_on, up_sha256, down_sha256, actor, tool, statement, statements)
SELECT {version}, {name}, {kind}, (SELECT d.run_on FROM {diesel} d WHERE d.version OPERATOR(pg_catalog.=) {version}::pg_catalog.text),
    {up}, {down}, {actor}, {tool}, $1, {statements}
WHERE (CASE WHEN pg_catalog.current_setting('glowplug.reached', true) OPERATOR(pg_catalog.=) $3
        AND pg_catalog.current_setting('role') OPERATOR(pg_catalog.=) 'none'
        AND session_user::pg_catalog.text OPERATOR(pg_catalog.=) {role}
        AND pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.=) 'UTF8'
        AND pg_catalog.pg_try_advisory_xact_lock({key})
    THEN CASE WHEN pg_catalog.set_config('glowplug.reached', $1::pg_catalog.text, false) IS NOT NULL THEN '1' END
    ELSE 'not in order'
END)::pg_catalog.int4 OPERATOR(pg_catalog.=) 1
