CREATE TABLE tags (id serial PRIMARY KEY, tag text NOT NULL);
