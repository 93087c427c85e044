-- What verification found, broken first: an event that was altered, removed or forged, a seal that is not what was written.
SELECT is_broken, finding, stream, event_id, occurred_at, detail
FROM findings
ORDER BY is_broken DESC, stream, occurred_at, event_id
