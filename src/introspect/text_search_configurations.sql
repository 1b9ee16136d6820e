-- Text search configurations, with the dictionaries for each kind of token.
SELECT
    c.tableoid::text || '.' || c.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    c.cfgname::text AS key_2,
    pg_catalog.format('%I.%I', pn.nspname, p.prsname) AS parser,
    (
        SELECT pg_catalog.json_object_agg(m.token, m.dictionaries ORDER BY m.token COLLATE pg_catalog."C")::text
        FROM (
            SELECT k.alias AS token,
                pg_catalog.json_agg(pg_catalog.format('%I.%I', dn.nspname, d.dictname) ORDER BY x.mapseqno)
                    AS dictionaries
            FROM pg_catalog.pg_ts_config_map x
            JOIN pg_catalog.ts_token_type(c.cfgparser) k ON k.tokid = x.maptokentype
            JOIN pg_catalog.pg_ts_dict d ON d.oid = x.mapdict
            JOIN pg_catalog.pg_namespace dn ON dn.oid = d.dictnamespace
            WHERE x.mapcfg = c.oid
            GROUP BY k.alias
        ) m
    ) AS mappings,
    pg_catalog.pg_get_userbyid(c.cfgowner)::text AS owner
FROM pg_catalog.pg_ts_config c
JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
WHERE NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
