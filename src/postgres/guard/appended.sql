-- Rows of this transaction, by their key. A row that is visible and whose transaction is in progress is our own.
SELECT ARRAY[count(*)::text] AS "row"
FROM {table}
WHERE {where}
    AND {own}
