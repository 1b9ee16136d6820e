CREATE TABLE orders_new (LIKE orders INCLUDING ALL);
ALTER TABLE orders RENAME TO orders_old;
ALTER TABLE orders_new RENAME TO orders;
