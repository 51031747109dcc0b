-- Jobs start in the order of due time, priority, id; who runs one and until when is in its record.
ALTER TABLE jobs ADD COLUMN due_at VARCHAR;
ALTER TABLE jobs ADD COLUMN priority INTEGER;
UPDATE jobs SET due_at = created_at, priority = 0;

CREATE TABLE job_log (job VARCHAR NOT NULL, place INTEGER NOT NULL, told_at VARCHAR NOT NULL, message VARCHAR NOT NULL);
