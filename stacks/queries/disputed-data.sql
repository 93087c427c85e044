-- Dataset versions of which registrations contradict each other, or whose content nobody has said.
SELECT dataset, number, uri, version_id, sha256, digest, disputed, registered_at, registered_by
FROM datasets
WHERE disputed OR (sha256 IS NULL AND digest IS NULL)
ORDER BY dataset, number
