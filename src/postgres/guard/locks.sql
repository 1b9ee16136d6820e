-- Whether structure is being changed (whatever is done to a table takes a lock that lasts), or a trigger of another table may be put off. A
-- division by zero is the answer then. It is asked by itself: the veto holds many locks of its own. $1: what a lock for writing would be on.
SELECT WHERE 1 / CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks k
    WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.mode NOT IN ('AccessShareLock', 'RowShareLock')
        AND (k.relation = ANY ($1::text::oid[]) OR k.relation = 'pg_catalog.pg_cast'::regclass
            OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = k.relation AND t.tgdeferrable))) THEN 0 ELSE 1 END = 0
