-- The versions of all rows in PostgreSQL's catalogs that ledgers rest on: those that belong to what was found before, by object
-- identifier. $1: tables and tracking tables; $2: these and the composite types of columns; $3: indexes; $4: sequences; $5: triggers;
-- $6: constraints; $7: types; $8: schemas; $9: the names of ledgers; $10: functions.
-- A row that is inserted, changed or deleted is another version, in a subtransaction, too. Every part is one scan of one index: nothing
-- is joined (the dependencies are asked for object by object, OFFSET 0 keeps it so), so that it does not matter how much else there is. Hashes are summed: of a row that is found twice an exclusive or would
-- see nothing. A line that ends with `-- where $n has any` is left out where there are none.
WITH version (hash) AS (
    SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_class WHERE oid = ANY ($1::text::oid[] || $3::text::oid[] || $4::text::oid[])
    -- whatever has the name of a ledger
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_class WHERE relname = ANY ($9::text::name[]) AND relpersistence <> 't'
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_namespace WHERE oid = ANY ($8::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($2::text::oid[]) AND attnum > 0
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_index WHERE indrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_trigger WHERE tgrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_constraint WHERE conrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_constraint WHERE contypid = ANY ($7::text::oid[]) -- where $7 has any
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_attrdef WHERE adrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_rewrite WHERE ev_class = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_policy WHERE polrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_inherits WHERE inhparent = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_statistic_ext WHERE stxrelid = ANY ($1::text::oid[])
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_sequence WHERE seqrelid = ANY ($4::text::oid[]) -- where $4 has any
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_type WHERE oid = ANY ($7::text::oid[]) -- where $7 has any
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_enum WHERE enumtypid = ANY ($7::text::oid[]) -- where $7 has any
    UNION ALL SELECT d.hash FROM unnest($1::text::oid[]) o (oid) CROSS JOIN LATERAL (
        SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) AS hash FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = o.oid OFFSET 0) d
    UNION ALL SELECT d.hash FROM unnest($5::text::oid[]) o (oid) CROSS JOIN LATERAL (
        SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) AS hash FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_trigger'::regclass AND objid = o.oid OFFSET 0) d
    UNION ALL SELECT d.hash FROM unnest($6::text::oid[]) o (oid) CROSS JOIN LATERAL (
        SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) AS hash FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_constraint'::regclass AND objid = o.oid OFFSET 0) d
    UNION ALL SELECT d.hash FROM unnest($10::text::oid[]) o (oid) CROSS JOIN LATERAL (
        SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) AS hash FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = o.oid OFFSET 0) d
    -- the triggers of other tables that check foreign keys
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_trigger WHERE tgconstraint = ANY ($6::text::oid[])
    -- a sequence that a column comes to own
    UNION ALL SELECT d.hash FROM unnest($1::text::oid[]) o (oid) CROSS JOIN LATERAL (
        SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) AS hash FROM pg_catalog.pg_depend
        WHERE refclassid = 'pg_catalog.pg_class'::regclass AND refobjid = o.oid AND classid = 'pg_catalog.pg_class'::regclass OFFSET 0) d
    -- functions of somebody's own: all of them, as each could be called
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_proc WHERE oid >= 16384
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_operator WHERE oid >= 16384
    -- casts of PostgreSQL itself cannot be dropped: who writes there directly leaves a lock, which the veto looks for
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_cast WHERE oid >= 16384
    -- small catalogs as a whole
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_event_trigger
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_extension
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_language
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_db_role_setting
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_auth_members
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_default_acl
    UNION ALL SELECT hash_record_extended(ROW(ctid, xmin, tableoid), 0) FROM pg_catalog.pg_database WHERE datname = current_database()
    {parameters}
    -- what is not for everybody to read as rows
    UNION ALL SELECT hash_record_extended(ROW(oid, rolname, rolsuper, rolcreaterole, rolcanlogin, rolbypassrls, rolconnlimit, rolvaliduntil), 0) FROM pg_catalog.pg_roles
    UNION ALL SELECT hash_record_extended(ROW(oid, subname, subenabled), 0) FROM pg_catalog.pg_subscription
),
state (versions) AS (SELECT count(*) || ' ' || COALESCE(sum(hash), 0) FROM version)
