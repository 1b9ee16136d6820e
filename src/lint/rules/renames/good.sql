ALTER TABLE users ADD full_name text;
