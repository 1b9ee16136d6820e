ALTER TABLE users ADD other_email text;
