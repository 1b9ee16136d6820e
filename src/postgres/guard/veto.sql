-- $3: the versions as they were; $4: what only this run knows. A division by zero is the veto.
SELECT ARRAY[(1 / CASE
    WHEN state.versions = $3::text AND NOT state.touched
        AND COALESCE(current_setting('glowplug.pending', true), '') = ''
        AND current_setting('glowplug.transaction', true) = {transaction}
    THEN 1 ELSE 0 END)::text] AS "row"
FROM state
