-- What failed or was stopped, the newest first, with the first line of the error.
SELECT run, model, status, error, attempts, requested_by, started_at, finished_at, instance
FROM runs
WHERE status IN ('failed', 'stopped', 'refused')
ORDER BY finished_at DESC, run
