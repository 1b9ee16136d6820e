INSERT INTO {diesel} (version, run_on) VALUES ($1, pg_catalog.timezone('UTC', pg_catalog.now()));
INSERT INTO {journal} (version, name, kind, run_on, up_sha256, down_sha256, actor, took_ms, tool, note)
VALUES ($1, $2, $3, pg_catalog.timezone('UTC', pg_catalog.now()), $4, $5, $6,
    pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now()) OPERATOR(pg_catalog.*) 1000, $8, $11)
