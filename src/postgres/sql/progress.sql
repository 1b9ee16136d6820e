-- What travels with the statements of a script without a transaction.

-- $1: the statement that is reached with what follows in this transaction, $2: the digest of all up to it. Where the one before it
-- was not the last to be reached, or somebody else would seem to have run it, nothing is done.
PREPARE glowplug_progress (pg_catalog.int4, pg_catalog.text) AS
INSERT INTO {journal} (version, name, kind, run_on, up_sha256, down_sha256, actor, tool, statement, statements)
SELECT {version}, {name}, {kind}, {run_on}, {up}, {down}, {actor}, {tool}, $1, {statements}
WHERE (CASE WHEN pg_catalog.current_setting('glowplug.reached', true) OPERATOR(pg_catalog.=) ($1 OPERATOR(pg_catalog.-) 1)::pg_catalog.text
        AND session_user::pg_catalog.text OPERATOR(pg_catalog.=) {role}
        AND pg_catalog.pg_try_advisory_xact_lock({key})
    THEN CASE WHEN pg_catalog.set_config('glowplug.reached', $1::pg_catalog.text, false) IS NOT NULL THEN '1' END
    ELSE 'not in order'
END)::pg_catalog.int4 OPERATOR(pg_catalog.=) 1;

-- the same test without an entry, for any role
PREPARE glowplug_turn (pg_catalog.int4) AS
SELECT (CASE WHEN pg_catalog.current_setting('glowplug.reached', true) OPERATOR(pg_catalog.=) ($1 OPERATOR(pg_catalog.-) 1)::pg_catalog.text
    THEN '1' ELSE 'not in order' END)::pg_catalog.int4;

-- until the end of the transaction
PREPARE glowplug_settle AS
SELECT pg_catalog.set_config('session_authorization', NULL, true), pg_catalog.set_config('role', 'none', true),
    pg_catalog.set_config('statement_timeout', '0', true), pg_catalog.set_config('client_encoding', 'UTF8', true);
