-- Every promotion and demotion, in order: what served when, and who decided it. Add a condition on occurred_at for a time.
SELECT substr(stream, 7) AS model, occurred_at, type, json_extract_scalar(data, '$.stage') AS stage,
  json_extract_scalar(data, '$.version') AS version, json_extract_scalar(data, '$.promoted_by') AS promoted_by, recorded_at
FROM events
WHERE type IN ('ModelPromoted', 'ModelDemoted', 'ModelRetired')
ORDER BY model, occurred_at, event_id
