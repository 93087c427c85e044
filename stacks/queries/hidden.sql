-- What somebody has hidden from lists, or retired: nothing is deleted, and this is where it went.
SELECT stream, type, occurred_at, json_extract_scalar(data, '$.by') AS by_whom, json_extract_scalar(data, '$.reason') AS reason
FROM events
WHERE type IN ('Hidden', 'Restored', 'VersionHidden', 'VersionRestored', 'DatasetRetired', 'ModelRetired')
ORDER BY occurred_at, stream
