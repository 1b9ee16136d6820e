ALTER TABLE users ADD a int;
ALTER TABLE orders ADD a int;
