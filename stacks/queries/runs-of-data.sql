-- Which runs used which version of which data: whom to ask, and what to train again, if a dataset turns out to be wrong.
SELECT datasets[number].uri AS uri, datasets[number].version_id AS version_id, datasets[number].sha256 AS sha256, datasets[number].role AS role, run, model, status, started_at
FROM runs CROSS JOIN UNNEST(filter(sequence(0, cardinality(datasets)), n -> n > 0)) AS used (number)
ORDER BY uri, version_id, run
