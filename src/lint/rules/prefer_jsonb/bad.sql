CREATE TABLE tags (id bigint PRIMARY KEY, data json);
