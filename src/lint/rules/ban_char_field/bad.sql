CREATE TABLE tags (id bigint PRIMARY KEY, tag char(20));
