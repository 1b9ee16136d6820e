ALTER TABLE users ADD years int;
