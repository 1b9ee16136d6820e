ALTER TABLE users ADD required text NOT NULL;
