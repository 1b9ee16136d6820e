-- The links of the chain, each with what its head should be; and the entries that no link covers yet, or that are no links
-- though they say so. A link covers the entries from the link before it on.
WITH entry AS (
    SELECT j.id, j.version, j.name, j.kind, j.up_sha256, j.down_sha256, j.actor, j.tool, j.statement, j.statements, j.note,
        {entry} AS digest, j.kind = 'attest' AND j.statement IS NOT NULL AS is_link
    FROM {journal} j
),
placed AS (
    SELECT e.*, pg_catalog.count(*) FILTER (WHERE e.is_link) OVER (ORDER BY e.id) AS links FROM entry e
),
covered AS (
    SELECT p.links, pg_catalog.string_agg(p.digest, '/' ORDER BY p.id) AS digests, pg_catalog.count(*)::integer AS entries
    FROM placed p GROUP BY p.links
)
SELECT ARRAY['link', p.id::text, p.statement::text, p.up_sha256, p.down_sha256,
    (p.statements = COALESCE(c.entries, 0) AND p.up_sha256 = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
        pg_catalog.jsonb_build_array(p.down_sha256, c.digests, p.statement, COALESCE(c.entries, 0), p.version, p.name, p.actor, p.tool, p.note)::text,
        'UTF8')), 'hex'))::text,
    (pg_catalog.strpos(p.note, '"anew":true') > 0)::text, p.name] AS "row"
FROM placed p LEFT JOIN covered c ON c.links = p.links - 1
WHERE p.is_link
UNION ALL
SELECT ARRAY['entry', p.id::text, p.kind, p.version, p.links::text,
    CASE WHEN p.kind = 'up' AND p.note IS NOT NULL THEN COALESCE((pg_catalog.regexp_match(p.note, '"after":"([0-9a-f]*)"'))[1], '-') END,
    (p.links = (SELECT pg_catalog.max(m.links) FROM placed m))::text, p.name]
FROM placed p
WHERE NOT p.is_link AND (p.kind = 'attest' OR p.links = (SELECT pg_catalog.max(m.links) FROM placed m))
ORDER BY 1
