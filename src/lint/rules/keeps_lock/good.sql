ALTER TABLE users ADD nickname text;
CREATE TABLE nicknames (id bigint PRIMARY KEY);
