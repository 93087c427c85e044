-- Events that were recorded more than an hour after they happened: what was known later than it was true.
SELECT stream, type, event_id, occurred_at, recorded_at, date_diff('second', occurred_at, recorded_at) AS seconds_late, source
FROM events
WHERE date_diff('second', occurred_at, recorded_at) > 3600
ORDER BY seconds_late DESC, stream, event_id
