-- Runs that cannot be repeated exactly: no commit, changes that were not committed, or data without a digest.
SELECT run, model, "commit", dirty, cardinality(filter(datasets, d -> d.sha256 IS NULL AND d.version_id IS NULL)) AS data_without_digest
FROM runs
WHERE started_at IS NOT NULL
  AND ("commit" IS NULL OR dirty OR cardinality(filter(datasets, d -> d.sha256 IS NULL AND d.version_id IS NULL)) > 0)
ORDER BY run
