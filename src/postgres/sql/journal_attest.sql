-- An attestation is a link of the chain: its up_sha256 is the SHA-256 of the link before it (down_sha256), of all entries from
-- that one on, and of what it says itself; statement counts the links, statements the entries between.
WITH newest AS (
    SELECT j.id, j.up_sha256 AS head, j.statement AS place FROM {journal} j
    WHERE j.kind = 'attest' AND j.statement IS NOT NULL ORDER BY j.id DESC LIMIT 1
),
covered AS (
    SELECT pg_catalog.string_agg(d.digest, '/' ORDER BY d.id) AS digests, pg_catalog.count(*)::integer AS entries
    FROM (SELECT j.id, {entry} AS digest FROM {journal} j WHERE j.id >= COALESCE((SELECT n.id FROM newest n), j.id)) d
)
INSERT INTO {journal}
    (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
SELECT $1::text, $2::text, $3::text, (SELECT d.run_on FROM {diesel} d WHERE d.version = $1::text),
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(n.head, c.digests,
        COALESCE(n.place, 0) + 1, c.entries, $1::text, $2::text, $6::text, $8::text, $11::text)::text, 'UTF8')), 'hex'),
    n.head, $6::text, $7::text::bigint, $8::text, COALESCE(n.place, 0) + 1, c.entries, $11::text
FROM covered c LEFT JOIN newest n ON true
WHERE $4::text IS NOT DISTINCT FROM $4::text AND $5::text IS NOT DISTINCT FROM $5::text
    AND $9::text IS NOT DISTINCT FROM $9::text AND $10::text IS NOT DISTINCT FROM $10::text
RETURNING ARRAY[took_ms::text, up_sha256] AS "row"
