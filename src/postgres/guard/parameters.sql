SELECT '', 'parameter', p.parname || ' ' || CASE WHEN g.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
        || ' ' || lower(g.privilege_type), jsonb_build_object('name', p.parname)
    FROM pg_catalog.pg_parameter_acl p
    CROSS JOIN LATERAL aclexplode(p.paracl) g
    WHERE g.grantee <> 10
    UNION ALL
