UPDATE users SET mood = 'fine';
