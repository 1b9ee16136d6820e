ALTER TABLE users ADD nickname text;
UPDATE orders SET note = 'x';
