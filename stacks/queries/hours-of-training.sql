-- How many hours each model and person has trained in each month, by type of instance.
SELECT date_trunc('month', started_at) AS month, model, requested_by, instance, count(*) AS runs,
  sum(duration_seconds) / 3600 AS hours
FROM runs
WHERE duration_seconds IS NOT NULL
GROUP BY date_trunc('month', started_at), model, requested_by, instance
ORDER BY month, hours DESC, model
