CREATE TABLE tags (tag text NOT NULL);
