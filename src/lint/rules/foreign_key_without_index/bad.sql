CREATE TABLE tags (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
