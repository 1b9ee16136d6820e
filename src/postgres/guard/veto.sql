-- $11: the versions as they were, nothing where they are only to be told (there is no answer otherwise); $12: what only this run knows;
-- $13 to $16: how many rows of the tracking tables are our own. A division by zero is the veto: versions are others, rows were written,
-- a cursor would outlive it, another transaction has begun, or a sequence was set back, which no lock tells of where a subtransaction did it.
SELECT ARRAY[state.versions] AS "row"
FROM state
WHERE $11::text IS NULL OR 1 / CASE
    WHEN state.versions = $11::text
        AND COALESCE(current_setting('glowplug.pending', true), '') = ''
        AND current_setting('glowplug.transaction', true) = {transaction}
        AND NOT EXISTS (SELECT FROM jsonb_to_recordset(current_setting('glowplug.numbers', true)::jsonb) AS n (oid oid, value bigint)
            WHERE COALESCE(pg_sequence_last_value(n.oid), n.value - 1) < n.value)
    THEN 1 ELSE 0 END = 0
