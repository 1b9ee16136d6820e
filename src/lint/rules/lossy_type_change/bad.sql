ALTER TABLE orders ALTER total TYPE int;
