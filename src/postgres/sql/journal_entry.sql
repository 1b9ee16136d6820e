pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(j.id, j.version, j.name, j.kind,
    pg_catalog.to_char(j.run_on, 'YYYYMMDDHH24MISSUS'), j.up_sha256, j.down_sha256,
    pg_catalog.to_char(pg_catalog.timezone('UTC', j.at), 'YYYYMMDDHH24MISSUS'), j.role, j.actor, j.took_ms, j.tool,
    j.statement, j.statements, j.note)::text, 'UTF8')), 'hex')
