CREATE TABLE a_table (id bigint PRIMARY KEY);
