CREATE VIEW older_users AS SELECT id, email FROM users WHERE age > 2;
