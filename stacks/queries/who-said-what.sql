-- How many events each source has sent of each type, from which account, and when first and last.
SELECT source, account, type, count(*) AS events, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM events
GROUP BY source, account, type
ORDER BY source, account, type
