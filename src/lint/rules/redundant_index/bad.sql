CREATE INDEX CONCURRENTLY orders_user_again ON orders (user_id);
