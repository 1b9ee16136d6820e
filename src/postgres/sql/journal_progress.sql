INSERT INTO {journal}
    (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
-- a revert belongs to the application that it reverts
VALUES ($1::text, $2::text, $3::text, (SELECT d.run_on FROM {diesel} d WHERE d.version = $1::text), $4::text, $5::text, $6::text,
    $7::text::bigint, $8::text, $9::text::integer, $10::text::integer, $11::text)
RETURNING ARRAY[took_ms::text] AS "row"
