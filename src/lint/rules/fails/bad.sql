ALTER TYPE mood ADD VALUE 'bored';
UPDATE users SET mood = 'bored' WHERE id = 1;
