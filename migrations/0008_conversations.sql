-- Schema version 8: conversations, templates that say what they are for, and results that say what they did without.

-- The job whose conversation this one goes on with: its text, its result, and those of whatever it went on with itself. The
-- job waits for it as for any other. No foreign key: who prunes old turns must not be kept from it, nor take new ones along.
ALTER TABLE jobs ADD COLUMN continues INTEGER;
CREATE INDEX jobs_continues ON jobs (continues) WHERE continues IS NOT NULL;

CREATE TRIGGER jobs_continue_insert AFTER INSERT ON jobs WHEN new.continues IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'continues names no job') WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = new.continues);
  INSERT OR IGNORE INTO job_dependencies (job_id, depends_on) VALUES (new.id, new.continues);
END;
CREATE TRIGGER jobs_continue_update AFTER UPDATE OF continues ON jobs
WHEN new.continues IS NOT old.continues BEGIN
  SELECT RAISE(ABORT, 'continues names no job')
    WHERE new.continues IS NOT NULL AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = new.continues);
  DELETE FROM job_dependencies WHERE job_id = new.id AND depends_on = old.continues;
  INSERT OR IGNORE INTO job_dependencies (job_id, depends_on)
    SELECT new.id, new.continues WHERE new.continues IS NOT NULL;
END;

-- SQLite runs the triggers of a change latest made first: the one that records an insert is made anew, so that the wait of a job
-- that goes on with another is recorded after its birth.
DROP TRIGGER jobs_audit_insert;
CREATE TRIGGER jobs_audit_insert AFTER INSERT ON jobs BEGIN
  INSERT INTO events(job_id,to_state,attempt) VALUES (new.id,new.state,new.attempt);
END;

-- The kind that a template was made for; jobs of other kinds may try it.
ALTER TABLE templates ADD COLUMN kind TEXT;
ALTER TABLE templates ADD COLUMN description TEXT;

-- What of the input the model didn't see, or of its text wasn't kept, in words: 'the oldest 12 of 40 turns'. NULL: nothing.
ALTER TABLE results ADD COLUMN left_out TEXT;
