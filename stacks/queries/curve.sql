-- The loss of each run at its last step, and its lowest: put your metric in place of loss. Points that a later attempt took back are left out.
SELECT run, metric, count(*) AS points, max_by(value, step) AS last_value, min(value) AS lowest, max(step) AS last_step
FROM points
WHERE metric = 'loss' AND stands AND stream LIKE 'run/%' AND NOT is_nan(value)
GROUP BY run, metric
ORDER BY lowest, run
