-- $3: the versions as they were; $4: what only this run knows; $5: how far sequences were, which no lock tells of where a
-- subtransaction set one back. A division by zero is the veto.
SELECT ARRAY[(1 / CASE
    WHEN state.versions = $3::text AND NOT state.touched
        AND COALESCE(current_setting('glowplug.pending', true), '') = ''
        AND current_setting('glowplug.transaction', true) = {transaction}
        AND NOT EXISTS (SELECT FROM jsonb_to_recordset($5::text::jsonb) AS n (sequence text, value bigint)
            WHERE COALESCE(pg_sequence_last_value(to_regclass(n.sequence)), n.value - 1) < n.value)
    THEN 1 ELSE 0 END)::text] AS "row"
FROM state
