ALTER TABLE users ADD height int CHECK (height < 300);
