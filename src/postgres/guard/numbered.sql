-- Notes how far sequences are, in a setting: before the transaction, because asking takes the same lock as counting on. $1: sequences, by
-- name and object identifier. It is asked under settings of anybody's: every name is qualified.
SELECT
FROM (
    SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('sequence', n.sequence, 'oid', n.oid, 'value', n.value))::pg_catalog.text, '[]') AS numbers
    FROM (
        SELECT q.sequence, q.oid, pg_catalog.pg_sequence_last_value(c.oid) AS value
        FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.text::pg_catalog.jsonb) AS q (sequence pg_catalog.text, oid pg_catalog.text)
        JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) q.oid::pg_catalog.oid
    ) n
    WHERE n.value IS NOT NULL
) reached
WHERE pg_catalog.set_config('glowplug.numbers', reached.numbers, false) IS NULL
