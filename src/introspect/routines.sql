-- Functions, procedures, window functions and aggregates; the constructors of range types left out.
SELECT
    p.tableoid::text || '.' || p.oid::text || '.0' AS address,
    n.nspname::text AS key_1,
    p.proname::text AS key_2,
    pg_catalog.pg_get_function_identity_arguments(p.oid) AS key_3,
    CASE p.prokind
        WHEN 'f' THEN 'function'
        WHEN 'p' THEN 'procedure'
        WHEN 'w' THEN 'window'
        WHEN 'a' THEN 'aggregate'
    END AS kind,
    l.lanname::text AS language,
    CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
    pg_catalog.pg_get_function_result(p.oid) AS result,
    pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
    CASE WHEN p.prosqlbody IS NOT NULL THEN pg_catalog.pg_get_function_sqlbody(p.oid)
        WHEN p.prokind <> 'a' THEN p.prosrc END AS body,
    p.probin AS library,
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END AS volatility,
    CASE WHEN p.proisstrict THEN 'true' END AS strict,
    CASE WHEN p.prosecdef THEN 'true' END AS security_definer,
    CASE WHEN p.proleakproof THEN 'true' END AS leakproof,
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS parallel,
    CASE WHEN p.procost <> CASE WHEN l.lanname IN ('internal', 'c') THEN 1 ELSE 100 END
        AND p.prokind <> 'a' THEN p.procost::text END AS cost,
    CASE WHEN p.proretset AND p.prorows <> 1000 THEN p.prorows::text END AS rows,
    CASE WHEN pg_catalog.cardinality(p.proconfig) > 0 THEN pg_catalog.to_json(ARRAY(
        SELECT u.o FROM pg_catalog.unnest(p.proconfig) u(o) ORDER BY u.o COLLATE pg_catalog."C"
    ))::text END AS configuration,
    CASE WHEN p.prosupport <> 0 THEN p.prosupport::text END AS support,
    CASE WHEN p.protrftypes IS NOT NULL THEN pg_catalog.to_json(ARRAY(
        SELECT pg_catalog.format_type(u.type, NULL)
        FROM pg_catalog.unnest(p.protrftypes) WITH ORDINALITY u(type, place)
        ORDER BY u.place
    ))::text END AS transforms,
    CASE WHEN p.prokind = 'a' THEN pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
        'kind', CASE g.aggkind WHEN 'o' THEN 'ordered-set' WHEN 'h' THEN 'hypothetical-set' END,
        'direct_arguments', NULLIF(g.aggnumdirectargs, 0),
        'transition', g.aggtransfn::regprocedure::text,
        'state', pg_catalog.format_type(g.aggtranstype, NULL),
        'state_size', NULLIF(g.aggtransspace, 0),
        'initial', g.agginitval,
        'final', CASE WHEN g.aggfinalfn <> 0 THEN g.aggfinalfn::regprocedure::text END,
        'final_extra', NULLIF(g.aggfinalextra, false),
        'final_modify', CASE g.aggfinalmodify WHEN 'r' THEN 'read only' WHEN 's' THEN 'shareable' ELSE 'read write' END,
        'combine', CASE WHEN g.aggcombinefn <> 0 THEN g.aggcombinefn::regprocedure::text END,
        'serialize', CASE WHEN g.aggserialfn <> 0 THEN g.aggserialfn::regprocedure::text END,
        'deserialize', CASE WHEN g.aggdeserialfn <> 0 THEN g.aggdeserialfn::regprocedure::text END,
        'moving_transition', CASE WHEN g.aggmtransfn <> 0 THEN g.aggmtransfn::regprocedure::text END,
        'moving_inverse', CASE WHEN g.aggminvtransfn <> 0 THEN g.aggminvtransfn::regprocedure::text END,
        'moving_state', CASE WHEN g.aggmtranstype <> 0 THEN pg_catalog.format_type(g.aggmtranstype, NULL) END,
        'moving_state_size', NULLIF(g.aggmtransspace, 0),
        'moving_initial', g.aggminitval,
        'moving_final', CASE WHEN g.aggmfinalfn <> 0 THEN g.aggmfinalfn::regprocedure::text END,
        'moving_final_extra', NULLIF(g.aggmfinalextra, false),
        'moving_final_modify', CASE WHEN g.aggmtransfn <> 0 THEN CASE g.aggmfinalmodify
            WHEN 'r' THEN 'read only' WHEN 's' THEN 'shareable' ELSE 'read write' END END,
        'sort_operator', CASE WHEN g.aggsortop <> 0 THEN g.aggsortop::regoperator::text END
    ))::text END AS aggregate,
    pg_catalog.pg_get_userbyid(p.proowner)::text AS owner
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = p.oid
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i'
)
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
