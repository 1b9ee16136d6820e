ALTER TABLE orders ALTER total TYPE numeric(14, 2);
