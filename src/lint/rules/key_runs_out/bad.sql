-- needs statistics of production
ALTER TABLE orders ADD extra text;
