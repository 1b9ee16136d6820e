-- Subscriptions of this database, as far as everyone may read them.
SELECT ARRAY[
    -- who may not read the table may not read its tableoid either
    'pg_catalog.pg_subscription'::regclass::oid::text || '.' || s.oid::text || '.0',
    s.subname::text,
    pg_catalog.pg_get_userbyid(s.subowner)::text,
    CASE WHEN NOT s.subenabled THEN 'true' END,
    pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(s.subpublications) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text,
    CASE WHEN s.subslotname IS NULL THEN 'none' WHEN s.subslotname <> s.subname THEN s.subslotname::text END,
    CASE WHEN s.subbinary THEN 'true' END,
    CASE s.substream::text WHEN 'true' THEN 'on' WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' END,
    NULL, -- before 15
    CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END, -- from 15
    NULLIF(s.subsynccommit, 'off'),
    NULL, -- before 15
    CASE WHEN s.subdisableonerr THEN 'true' END, -- from 15
    NULL, NULL, NULL, -- before 16
    CASE WHEN NOT s.subpasswordrequired THEN 'true' END, -- from 16
    CASE WHEN s.subrunasowner THEN 'true' END, -- from 16
    NULLIF(s.suborigin, 'any'), -- from 16
    NULL -- before 17
    CASE WHEN s.subfailover THEN 'true' END -- from 17
]::text[] AS "row"
FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (
    SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
)
