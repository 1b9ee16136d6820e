CREATE TABLE tags (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
CREATE INDEX tags_user ON tags (user_id);
