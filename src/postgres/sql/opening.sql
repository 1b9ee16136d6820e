-- Where this session is, and where the tracking tables are. $1: Diesel's table, $2: ours.
WITH tracking AS (
    SELECT c.oid, n.nspname::text AS schema
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
)
SELECT ARRAY[
    pg_catalog.pg_backend_pid()::text,
    pg_catalog.current_setting('server_version_num'),
    pg_catalog.current_database()::text,
    session_user::text,
    pg_catalog.current_schema()::text,
    (SELECT schema FROM tracking),
    -- a side table that this role may not read is as good as none
    COALESCE(pg_catalog.has_table_privilege(side.oid, 'SELECT'), false)::text,
    (COALESCE(pg_catalog.has_table_privilege((SELECT oid FROM tracking), 'INSERT')
        AND pg_catalog.has_table_privilege((SELECT oid FROM tracking), 'DELETE'), true)
        AND COALESCE(pg_catalog.has_table_privilege(side.oid, 'INSERT'), true))::text,
    pg_catalog.pg_is_in_recovery()::text,
    pg_catalog.current_setting('transaction_read_only'),
    (pg_catalog.version() !~* 'visual|mingw|windows')::text
] AS "row"
-- no schema, no table: quote_ident lets a NULL through
FROM (SELECT pg_catalog.to_regclass(pg_catalog.quote_ident(
    COALESCE((SELECT schema FROM tracking), pg_catalog.current_schema()::text))
    OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident($2))::oid AS oid) side
