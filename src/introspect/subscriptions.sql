-- Subscriptions of this database, as far as everyone may read them.
SELECT
    -- who may not read the table may not read its tableoid either
    'pg_catalog.pg_subscription'::regclass::oid::text || '.' || s.oid::text || '.0' AS address,
    s.subname::text AS key_1,
    pg_catalog.pg_get_userbyid(s.subowner)::text AS owner,
    CASE WHEN NOT s.subenabled THEN 'true' END AS disabled,
    pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(s.subpublications) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text AS publications,
    CASE WHEN s.subslotname IS NULL THEN 'none' WHEN s.subslotname <> s.subname THEN s.subslotname::text END AS slot,
    CASE WHEN s.subbinary THEN 'true' END AS binary,
    CASE s.substream::text WHEN 'true' THEN 'on' WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' END AS streaming,
    NULL AS two_phase, -- before 15
    CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END AS two_phase, -- from 15
    NULLIF(s.subsynccommit, 'off') AS synchronous_commit,
    NULL AS disable_on_error, -- before 15
    CASE WHEN s.subdisableonerr THEN 'true' END AS disable_on_error, -- from 15
    NULL AS password_not_required, -- before 16
    CASE WHEN NOT s.subpasswordrequired THEN 'true' END AS password_not_required, -- from 16
    NULL AS run_as_owner, -- before 16
    CASE WHEN s.subrunasowner THEN 'true' END AS run_as_owner, -- from 16
    NULL AS origin, -- before 16
    NULLIF(s.suborigin, 'any') AS origin, -- from 16
    NULL AS failover -- before 17
    CASE WHEN s.subfailover THEN 'true' END AS failover -- from 17
FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (
    SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
)
