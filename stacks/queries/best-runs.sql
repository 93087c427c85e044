-- The completed runs of each model with their best loss, the best first. Put your own metric in place of loss.
SELECT model, run, element_at(metrics, 'loss').best AS best, group_name, requested_by, "commit", finished_at
FROM runs
WHERE status = 'completed' AND element_at(metrics, 'loss').best IS NOT NULL AND NOT hidden
ORDER BY model, best, run
