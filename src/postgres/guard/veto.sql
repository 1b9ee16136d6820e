-- $11: what a lock for writing would be on; $12: the versions as they were, nothing where they are only to be told (there is no answer otherwise); $13: what only
-- this run knows; $14 to $17: how many rows of the tracking tables are our own. A division by zero is the veto: versions are others,
-- rows were written, or structure is being changed (whatever is done to a table takes a lock that lasts), a trigger of another table may
-- be put off, another transaction has begun, or a sequence was set back, which no lock tells of where a subtransaction did it.
SELECT ARRAY[state.versions] AS "row"
FROM state
WHERE $12::text IS NULL OR 1 / CASE
    WHEN state.versions = $12::text
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks k
            WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.mode NOT IN ('AccessShareLock', 'RowShareLock')
                AND (k.relation = ANY ($11::text::oid[]) OR k.relation = 'pg_catalog.pg_cast'::regclass
                    OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = k.relation AND t.tgdeferrable)))
        AND COALESCE(current_setting('glowplug.pending', true), '') = ''
        AND current_setting('glowplug.transaction', true) = {transaction}
        AND NOT EXISTS (SELECT FROM jsonb_to_recordset(current_setting('glowplug.numbers', true)::jsonb) AS n (oid oid, value bigint)
            WHERE COALESCE(pg_sequence_last_value(n.oid), n.value - 1) < n.value)
    THEN 1 ELSE 0 END = 0
