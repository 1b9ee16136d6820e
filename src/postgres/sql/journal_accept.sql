INSERT INTO {journal}
    (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, statement, statements, note)
SELECT $1::text, $2::text, $3::text, d.run_on, $4::text, $5::text, $6::text,
    $7::text::bigint, $8::text, $9::text::integer, $10::text::integer, $11::text
FROM {diesel} d WHERE d.version = $1::text
RETURNING ARRAY[took_ms::text] AS "row"
