INSERT INTO pg_catalog.pg_db_role_setting
SELECT c.oid, s.setrole, s.setconfig
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
JOIN pg_catalog.pg_database c ON c.datname = 'glowplug_many'
