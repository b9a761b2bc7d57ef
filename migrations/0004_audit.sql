-- The audit trail of a job that is added held told of its wait before its birth: SQLite runs the triggers of a change latest
-- made first, so the one that records an insert is made anew, after all that an insert brings about.
DROP TRIGGER jobs_audit_insert;
CREATE TRIGGER jobs_audit_insert AFTER INSERT ON jobs BEGIN
  INSERT INTO events(job_id,to_state,attempt) VALUES (new.id,new.state,new.attempt);
END;

-- A cancelled job that was retried too early, and so cancelled again at once, lost the time of its end: this trigger ran
-- after those and went by the state that the statement had named. Made anew it runs first, and asks what the row says.
DROP TRIGGER jobs_settle;
CREATE TRIGGER jobs_settle AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
  UPDATE jobs SET
    finalized_at = CASE WHEN state NOT IN ('completed','cancelled','discarded') THEN NULL
                        WHEN new.finalized_at IS NOT old.finalized_at AND new.finalized_at IS NOT NULL THEN new.finalized_at
                        WHEN state = new.state THEN strftime('%Y-%m-%dT%H:%M:%fZ')
                        ELSE finalized_at END,
    lease_expires_at = CASE WHEN state = 'running' THEN new.lease_expires_at END,
    progress     = CASE WHEN state = 'completed' THEN 1.0 WHEN state = 'running' THEN new.progress END,
    max_attempts = CASE WHEN new.state = 'available' AND old.finalized_at IS NOT NULL AND new.attempt >= new.max_attempts
                        THEN new.attempt + 1 ELSE new.max_attempts END
   WHERE id = new.id;
END;
-- Those that have lost it already.
UPDATE jobs SET finalized_at = coalesce((SELECT max(at) FROM events WHERE job_id = jobs.id), created_at)
 WHERE state IN ('completed','cancelled','discarded') AND finalized_at IS NULL;

-- UPDATE settings SET value = '10' WHERE key = 'maximum_crashes': for the whole file, since its workers must agree.
INSERT OR IGNORE INTO settings (key, value, meaning) VALUES
  ('maximum_crashes', NULL, 'a job in which so many workers have died is given up; NULL: 3');
