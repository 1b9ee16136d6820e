SELECT DISTINCT ON (version) ARRAY[
    version::text, name, kind,
    pg_catalog.to_char(run_on, 'YYYY-MM-DD HH24:MI:SS.US'),
    up_sha256, down_sha256,
    pg_catalog.to_char(pg_catalog.timezone('UTC', at), 'YYYY-MM-DD HH24:MI:SS'),
    role, actor, took_ms::text, tool, statement::text, statements::text, note
] AS "row"
FROM {journal}
-- these say nothing of what is applied
WHERE kind NOT IN ('refused', 'attest')
ORDER BY version, id DESC
