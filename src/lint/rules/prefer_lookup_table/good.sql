CREATE TABLE weather (name text PRIMARY KEY);
