-- down
ALTER TABLE users DROP COLUMN seen;
