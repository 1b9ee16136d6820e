WITH gone AS (
    DELETE FROM {diesel} RETURNING version, run_on
)
INSERT INTO {journal} (version, name, kind, run_on, actor, tool)
SELECT gone.version, entry.name, 'unstamp', gone.run_on, entry.actor, entry.tool
FROM gone
CROSS JOIN LATERAL (
    SELECT j.name, j.actor, j.tool FROM {journal} j
    WHERE j.version OPERATOR(pg_catalog.=) gone.version ORDER BY j.id DESC LIMIT 1
) entry
