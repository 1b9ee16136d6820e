ALTER TABLE users ALTER score TYPE bigint;
