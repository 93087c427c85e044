-- What serves each stage now: the version, since when, who promoted it, and the run it is from.
SELECT model, stage, version, promoted_at, promoted_by, run, uri, sha256
FROM models CROSS JOIN UNNEST(stages) AS serving (stage)
ORDER BY model, stage
