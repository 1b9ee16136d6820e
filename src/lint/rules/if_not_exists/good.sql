CREATE TABLE people (id bigint PRIMARY KEY, other text);
