-- down
ALTER TABLE users DROP COLUMN age;
