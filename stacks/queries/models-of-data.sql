-- From a version of data to the model versions that came from it, and the stages that they serve.
SELECT datasets[number].uri AS uri, datasets[number].version_id AS data_version_id, datasets[number].sha256 AS data_sha256, runs.run AS run, models.model AS model,
  models.version AS version, array_join(models.stages, ', ') AS stages
FROM runs CROSS JOIN UNNEST(filter(sequence(0, cardinality(datasets)), n -> n > 0)) AS used (number)
JOIN models ON models.run = runs.run
WHERE models.version IS NOT NULL
ORDER BY uri, model, version
