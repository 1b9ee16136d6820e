CASE WHEN age(xmin) <= age(pg_current_xact_id()::xid)
        THEN pg_xact_status((pg_current_xact_id()::text::bigint + age(pg_current_xact_id()::xid) - age(xmin))::text::xid8) = 'in progress'
        ELSE false END
