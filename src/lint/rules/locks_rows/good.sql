UPDATE users SET mood = 'fine' WHERE id = 1;
