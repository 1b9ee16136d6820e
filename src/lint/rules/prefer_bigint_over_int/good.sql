CREATE TABLE tags (id bigserial PRIMARY KEY, tag text NOT NULL);
