CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY, other text);
