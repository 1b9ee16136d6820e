CREATE TABLE tags (id bigint PRIMARY KEY, tag varchar(20));
