ALTER TABLE orders ADD extra text;
