CREATE TABLE tags (tag text PRIMARY KEY);
