DO $$ BEGIN ALTER TABLE users ADD x int; EXCEPTION WHEN duplicate_column THEN NULL; END $$;
