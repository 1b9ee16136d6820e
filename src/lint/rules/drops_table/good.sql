ALTER TABLE items RENAME TO old_items;
