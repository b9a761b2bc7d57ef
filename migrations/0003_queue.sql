-- Schema version 3: limits of queues and jobs, waiting for jobs and batches, schedules, and what is kept how long. As
-- before, everything is a plain UPDATE, INSERT or DELETE away, at the prompt as in the program.

-- What a queue's jobs may do when its run window closes, how many may start in a time, and how long one may take.
ALTER TABLE queues ADD COLUMN window_end_policy TEXT NOT NULL DEFAULT 'finish'
  CONSTRAINT "window_end_policy is finish or interrupt" CHECK (window_end_policy IN ('finish','interrupt'));
-- At most rate_count jobs start in any rate_seconds. Where rate_per_hour is set as well, both hold.
ALTER TABLE queues ADD COLUMN rate_count INTEGER
  CONSTRAINT "rate_count must be above 0" CHECK (rate_count IS NULL OR rate_count > 0);
ALTER TABLE queues ADD COLUMN rate_seconds INTEGER NOT NULL DEFAULT 60
  CONSTRAINT "rate_seconds goes from 1 to 604800, a week" CHECK (rate_seconds BETWEEN 1 AND 604800);
ALTER TABLE queues ADD COLUMN timeout_seconds REAL
  CONSTRAINT "timeout_seconds must be above 0" CHECK (timeout_seconds IS NULL OR timeout_seconds > 0);

-- The starts that rates are counted by: only those of queues that have one, and no older than the rate asks for.
CREATE TABLE queue_starts (
  id INTEGER PRIMARY KEY, queue TEXT NOT NULL, started_at TEXT NOT NULL
) STRICT;
CREATE INDEX queue_starts_time ON queue_starts (queue, started_at);

-- Not done by then: given up. A job's own timeout goes before its queue's. A held job waits for a hand.
ALTER TABLE jobs ADD COLUMN deadline_at TEXT
  CONSTRAINT "deadline_at must be a time such as 2026-12-01 06:00" CHECK (deadline_at IS NULL OR julianday(deadline_at) IS NOT NULL);
ALTER TABLE jobs ADD COLUMN timeout_seconds REAL
  CONSTRAINT "timeout_seconds must be above 0" CHECK (timeout_seconds IS NULL OR timeout_seconds > 0);
ALTER TABLE jobs ADD COLUMN held_at TEXT;
CREATE INDEX jobs_deadline ON jobs (deadline_at) WHERE deadline_at IS NOT NULL AND finalized_at IS NULL;
-- Who deletes a document, or prunes, asks whether a job still needs it.
CREATE INDEX jobs_document ON jobs (document_id) WHERE document_id IS NOT NULL;
DROP INDEX jobs_batch;
CREATE INDEX jobs_batch ON jobs (batch_id, state, finalized_at) WHERE batch_id IS NOT NULL;

CREATE TRIGGER jobs_deadline_insert AFTER INSERT ON jobs
WHEN new.deadline_at IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', new.deadline_at) BEGIN
  UPDATE jobs SET deadline_at = strftime('%Y-%m-%dT%H:%M:%fZ', new.deadline_at) WHERE id = new.id;
END;
CREATE TRIGGER jobs_deadline_update AFTER UPDATE OF deadline_at ON jobs
WHEN new.deadline_at IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', new.deadline_at) BEGIN
  UPDATE jobs SET deadline_at = strftime('%Y-%m-%dT%H:%M:%fZ', new.deadline_at) WHERE id = new.id;
END;
-- Who runs a job again doesn't mean a deadline that it has missed.
CREATE TRIGGER jobs_lift_deadline AFTER UPDATE OF state ON jobs
WHEN new.state = 'available' AND old.finalized_at IS NOT NULL AND new.deadline_at IS NOT NULL BEGIN
  UPDATE jobs SET deadline_at = NULL WHERE id = new.id;
END;

-- What a job waits for: another job's completion (job_dependencies), another job's end whichever way, or the end of every
-- job of a batch.
CREATE TABLE end_dependencies (
  job_id     INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  depends_on INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  PRIMARY KEY (job_id, depends_on), CHECK (job_id <> depends_on)
) STRICT, WITHOUT ROWID;
CREATE INDEX end_dependents ON end_dependencies (depends_on);
CREATE TABLE batch_dependencies (
  job_id   INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  batch_id INTEGER NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
  PRIMARY KEY (job_id, batch_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_dependents ON batch_dependencies (batch_id);

-- What jobs still wait for, a row each. The triggers ask the three parts, since SQLite seeks in a view that is no union.
CREATE VIEW unmet_jobs AS
SELECT d.job_id, d.depends_on AS job FROM job_dependencies d JOIN jobs p ON p.id = d.depends_on WHERE p.state <> 'completed';
CREATE VIEW unmet_ends AS
SELECT d.job_id, d.depends_on AS job FROM end_dependencies d JOIN jobs p ON p.id = d.depends_on
 WHERE p.state IN ('pending','available','running');
CREATE VIEW unmet_batches AS
SELECT b.job_id, b.batch_id AS batch FROM batch_dependencies b
 WHERE EXISTS (SELECT 1 FROM jobs p WHERE p.batch_id = b.batch_id AND p.state IN ('pending','available','running'));
CREATE VIEW unmet_dependencies AS
SELECT job_id, job, NULL AS batch FROM unmet_jobs UNION ALL SELECT job_id, job, NULL FROM unmet_ends
UNION ALL SELECT job_id, NULL, batch FROM unmet_batches;

-- Nobody may wait for himself, nor for what isn't there.
CREATE TRIGGER job_dependencies_check BEFORE INSERT ON job_dependencies BEGIN
  SELECT RAISE(ABORT, 'depends_on names no job') WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = new.depends_on);
  SELECT RAISE(ABORT, 'a job would wait for itself, directly or through others') WHERE new.depends_on IN (
    WITH RECURSIVE waiting(id) AS (
      SELECT new.job_id
      UNION SELECT d.job_id FROM waiting w JOIN job_dependencies d ON d.depends_on = w.id
      UNION SELECT d.job_id FROM waiting w JOIN end_dependencies d ON d.depends_on = w.id
      UNION SELECT b.job_id FROM waiting w JOIN jobs j ON j.id = w.id JOIN batch_dependencies b ON b.batch_id = j.batch_id)
    SELECT id FROM waiting);
END;
CREATE TRIGGER end_dependencies_check BEFORE INSERT ON end_dependencies BEGIN
  SELECT RAISE(ABORT, 'depends_on names no job') WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = new.depends_on);
  SELECT RAISE(ABORT, 'a job would wait for itself, directly or through others') WHERE new.depends_on IN (
    WITH RECURSIVE waiting(id) AS (
      SELECT new.job_id
      UNION SELECT d.job_id FROM waiting w JOIN job_dependencies d ON d.depends_on = w.id
      UNION SELECT d.job_id FROM waiting w JOIN end_dependencies d ON d.depends_on = w.id
      UNION SELECT b.job_id FROM waiting w JOIN jobs j ON j.id = w.id JOIN batch_dependencies b ON b.batch_id = j.batch_id)
    SELECT id FROM waiting);
END;
CREATE TRIGGER batch_dependencies_check BEFORE INSERT ON batch_dependencies BEGIN
  SELECT RAISE(ABORT, 'batch_id names no batch') WHERE NOT EXISTS (SELECT 1 FROM batches WHERE id = new.batch_id);
  SELECT RAISE(ABORT, 'a job would wait for itself, directly or through others') WHERE EXISTS (
    WITH RECURSIVE waiting(id) AS (
      SELECT new.job_id
      UNION SELECT d.job_id FROM waiting w JOIN job_dependencies d ON d.depends_on = w.id
      UNION SELECT d.job_id FROM waiting w JOIN end_dependencies d ON d.depends_on = w.id
      UNION SELECT b.job_id FROM waiting w JOIN jobs j ON j.id = w.id JOIN batch_dependencies b ON b.batch_id = j.batch_id)
    SELECT 1 FROM waiting w JOIN jobs j ON j.id = w.id WHERE j.batch_id = new.batch_id);
END;

DROP TRIGGER job_dependencies_wait;
CREATE TRIGGER job_dependencies_wait AFTER INSERT ON job_dependencies BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.job_id AND state = 'available'
    AND (EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = new.job_id));
  UPDATE jobs SET state = 'cancelled',
    error = 'job ' || new.depends_on || ', which this one depends on, was '
      || (SELECT p.state FROM jobs p WHERE p.id = new.depends_on)
   WHERE id = new.job_id AND state = 'pending'
     AND (SELECT p.state FROM jobs p WHERE p.id = new.depends_on) IN ('cancelled','discarded');
END;
CREATE TRIGGER end_dependencies_wait AFTER INSERT ON end_dependencies BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.job_id AND state = 'available'
    AND (EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = new.job_id));
END;
CREATE TRIGGER batch_dependencies_wait AFTER INSERT ON batch_dependencies BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.job_id AND state = 'available'
    AND (EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = new.job_id)
      OR EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = new.job_id));
END;
-- Who takes a condition away may have taken the last one.
CREATE TRIGGER job_dependencies_gone AFTER DELETE ON job_dependencies BEGIN
  UPDATE jobs SET state = 'available' WHERE id = old.job_id AND state = 'pending' AND held_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = old.job_id);
END;
CREATE TRIGGER end_dependencies_gone AFTER DELETE ON end_dependencies BEGIN
  UPDATE jobs SET state = 'available' WHERE id = old.job_id AND state = 'pending' AND held_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = old.job_id);
END;
CREATE TRIGGER batch_dependencies_gone AFTER DELETE ON batch_dependencies BEGIN
  UPDATE jobs SET state = 'available' WHERE id = old.job_id AND state = 'pending' AND held_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = old.job_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = old.job_id);
END;

DROP TRIGGER jobs_release;
CREATE TRIGGER jobs_release AFTER UPDATE OF state ON jobs WHEN new.state = 'completed' AND old.state <> new.state BEGIN
  UPDATE jobs SET state = 'available' WHERE state = 'pending' AND held_at IS NULL
    AND id IN (SELECT job_id FROM job_dependencies WHERE depends_on = new.id
               UNION ALL SELECT job_id FROM end_dependencies WHERE depends_on = new.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = jobs.id);
END;
-- What can't begin any more is cancelled with the reason, through all generations: a trigger doesn't set itself off. Then
-- those are released that waited for no more than an end.
CREATE TRIGGER jobs_release_none AFTER UPDATE OF state ON jobs
WHEN new.state IN ('cancelled','discarded') AND old.state NOT IN ('cancelled','discarded')
  AND (EXISTS (SELECT 1 FROM job_dependencies WHERE depends_on = new.id)
    OR EXISTS (SELECT 1 FROM end_dependencies WHERE depends_on = new.id)) BEGIN
  UPDATE jobs SET state = 'cancelled', error = 'job ' || new.id || ', which this one depends on, was ' || new.state
   WHERE state = 'pending' AND id IN (
    WITH RECURSIVE hopeless(id) AS (
      SELECT new.id
      UNION SELECT d.job_id FROM hopeless h JOIN job_dependencies d ON d.depends_on = h.id JOIN jobs j ON j.id = d.job_id
        WHERE j.state = 'pending')
    SELECT id FROM hopeless);
  UPDATE jobs SET state = 'available' WHERE state = 'pending' AND held_at IS NULL AND id IN (
    WITH RECURSIVE hopeless(id) AS (
      SELECT new.id
      UNION SELECT d.job_id FROM hopeless h JOIN job_dependencies d ON d.depends_on = h.id JOIN jobs j ON j.id = d.job_id
        WHERE j.state = 'cancelled')
    SELECT d.job_id FROM hopeless h JOIN end_dependencies d ON d.depends_on = h.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = jobs.id);
END;
-- A job that comes back, from its worker or by a retry, waits again for whatever isn't done, or is cancelled again.
CREATE TRIGGER jobs_wait_again AFTER UPDATE OF state ON jobs
WHEN new.state = 'available' AND old.state NOT IN ('available','pending')
  AND (new.held_at IS NOT NULL OR (EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = new.id)
      OR EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = new.id)
      OR EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = new.id))) BEGIN
  UPDATE jobs SET state = 'pending', error = CASE WHEN old.state <> 'cancelled' THEN error END WHERE id = new.id;
  UPDATE jobs SET state = 'cancelled',
    error = (SELECT 'job ' || p.id || ', which this one depends on, is ' || p.state || '; retry that one first'
      FROM job_dependencies d JOIN jobs p ON p.id = d.depends_on
      WHERE d.job_id = new.id AND p.state IN ('cancelled','discarded') LIMIT 1)
   WHERE id = new.id AND EXISTS (SELECT 1 FROM job_dependencies d JOIN jobs p ON p.id = d.depends_on
      WHERE d.job_id = new.id AND p.state IN ('cancelled','discarded'));
END;

-- Holding: UPDATE jobs SET held_at = datetime('now') keeps a job from being claimed, and NULL lets it go.
CREATE TRIGGER jobs_hold_insert AFTER INSERT ON jobs WHEN new.held_at IS NOT NULL AND new.state = 'available' BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.id;
END;
CREATE TRIGGER jobs_hold AFTER UPDATE OF held_at ON jobs WHEN new.held_at IS NOT NULL AND new.state = 'available' BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.id;
END;
CREATE TRIGGER jobs_let_go AFTER UPDATE OF held_at ON jobs
WHEN new.held_at IS NULL AND old.held_at IS NOT NULL AND new.state = 'pending'
  AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = new.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = new.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = new.id) BEGIN
  UPDATE jobs SET state = 'available' WHERE id = new.id;
END;
-- A hand that makes a held job available means it.
CREATE TRIGGER jobs_held_available AFTER UPDATE OF state ON jobs
WHEN new.state = 'available' AND old.state = 'pending' AND new.held_at IS NOT NULL BEGIN
  UPDATE jobs SET held_at = NULL WHERE id = new.id;
END;

-- Batches: finished_at is set while every job of the batch has ended. Nothing is counted up or down, so nothing can drift.
CREATE TRIGGER jobs_sealed_insert BEFORE INSERT ON jobs
WHEN new.batch_id IS NOT NULL AND (SELECT sealed_at FROM batches WHERE id = new.batch_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'the batch is sealed: no more jobs can be added to it');
END;
CREATE TRIGGER jobs_sealed_update BEFORE UPDATE OF batch_id ON jobs
WHEN new.batch_id IS NOT old.batch_id AND (SELECT sealed_at FROM batches WHERE id = new.batch_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'the batch is sealed: no more jobs can be added to it');
END;
CREATE TRIGGER jobs_batch_insert AFTER INSERT ON jobs
WHEN new.batch_id IS NOT NULL AND new.state IN ('pending','available','running') BEGIN
  UPDATE batches SET finished_at = NULL WHERE id = new.batch_id AND finished_at IS NOT NULL;
END;
CREATE TRIGGER jobs_batch_again AFTER UPDATE OF state ON jobs
WHEN new.batch_id IS NOT NULL AND old.state IN ('completed','cancelled','discarded')
  AND new.state NOT IN ('completed','cancelled','discarded') BEGIN
  UPDATE batches SET finished_at = NULL WHERE id = new.batch_id AND finished_at IS NOT NULL;
END;
CREATE TRIGGER jobs_batch_end AFTER UPDATE OF state ON jobs
WHEN new.batch_id IS NOT NULL AND new.state IN ('completed','cancelled','discarded')
  AND old.state IN ('pending','available','running')
  AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.batch_id = new.batch_id AND p.state IN ('pending','available','running')) BEGIN
  UPDATE batches SET finished_at = coalesce(new.finalized_at, strftime('%Y-%m-%dT%H:%M:%fZ')) WHERE id = new.batch_id;
  UPDATE jobs SET state = 'available' WHERE state = 'pending' AND held_at IS NULL
    AND id IN (SELECT job_id FROM batch_dependencies WHERE batch_id = new.batch_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = jobs.id);
END;
CREATE TRIGGER jobs_batch_delete AFTER DELETE ON jobs
WHEN old.batch_id IS NOT NULL AND old.state IN ('pending','available','running')
  AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.batch_id = old.batch_id AND p.state IN ('pending','available','running')) BEGIN
  UPDATE batches SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE id = old.batch_id;
  UPDATE jobs SET state = 'available' WHERE state = 'pending' AND held_at IS NULL
    AND id IN (SELECT job_id FROM batch_dependencies WHERE batch_id = old.batch_id)
    AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = jobs.id);
END;
CREATE TRIGGER batches_delete BEFORE DELETE ON batches BEGIN
  UPDATE jobs SET batch_id = NULL WHERE batch_id = old.id;
  DELETE FROM batch_dependencies WHERE batch_id = old.id;
END;

-- Deleting a job takes its rows elsewhere with it. Who required its completion is cancelled with the reason, and who
-- waited for its end is released by the deletion of the condition.
DROP TRIGGER jobs_delete;
CREATE TRIGGER jobs_delete BEFORE DELETE ON jobs BEGIN
  UPDATE jobs SET state = 'cancelled', error = 'job ' || old.id || ', which this one depends on, was deleted'
   WHERE old.state <> 'completed' AND state = 'pending'
     AND id IN (SELECT job_id FROM job_dependencies WHERE depends_on = old.id);
  DELETE FROM job_dependencies WHERE job_id = old.id OR depends_on = old.id;
  DELETE FROM end_dependencies WHERE job_id = old.id OR depends_on = old.id;
  DELETE FROM batch_dependencies WHERE job_id = old.id;
  DELETE FROM attempts WHERE job_id = old.id;
  DELETE FROM results WHERE job_id = old.id;
END;

-- Deleting a queue cancels what waits and runs in it; renaming it takes the jobs along. A job that comes back to a queue
-- that is gone brings it back.
CREATE TRIGGER queues_delete BEFORE DELETE ON queues BEGIN
  UPDATE jobs SET state = 'cancelled', error = 'its queue was deleted'
   WHERE queue = old.name AND state IN ('pending','available','running');
END;
CREATE TRIGGER queues_rename AFTER UPDATE OF name ON queues WHEN new.name <> old.name BEGIN
  UPDATE jobs SET queue = new.name WHERE queue = old.name;
  UPDATE queue_starts SET queue = new.name WHERE queue = old.name;
END;
CREATE TRIGGER jobs_bring_queue_back BEFORE UPDATE OF state ON jobs
WHEN new.state = 'available' AND old.finalized_at IS NOT NULL BEGIN
  INSERT OR IGNORE INTO queues(name) VALUES (new.queue);
END;

-- Schedules: each occurrence becomes a job exactly once, whoever notices it first and whatever the clock does.
ALTER TABLE schedules ADD COLUMN error TEXT;      -- why the last occurrence became no job
CREATE TABLE schedule_runs (
  schedule TEXT NOT NULL, occurrence TEXT NOT NULL, job_id INTEGER,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
  PRIMARY KEY (schedule, occurrence)
) STRICT, WITHOUT ROWID;
-- Who changes when it runs, or switches it on again, means from now on.
CREATE TRIGGER schedules_change AFTER UPDATE OF cron, timezone, enabled ON schedules
WHEN new.cron <> old.cron OR new.timezone <> old.timezone OR new.enabled <> old.enabled BEGIN
  UPDATE schedules SET next_run_at = NULL, error = NULL WHERE name = new.name;
END;

-- What holds for the whole file. NULL keeps for ever.
CREATE TABLE settings (
  key TEXT PRIMARY KEY, value TEXT, meaning TEXT NOT NULL DEFAULT '',
  CONSTRAINT "a retention is a whole number of days, or NULL to keep for ever"
    CHECK (key NOT GLOB 'retain_*' OR value IS NULL OR (length(value) BETWEEN 1 AND 6 AND value NOT GLOB '*[^0-9]*'))
) STRICT, WITHOUT ROWID;
INSERT INTO settings (key, value, meaning) VALUES
  ('retain_completed_days', '30', 'completed jobs are removed this many days after their end'),
  ('retain_cancelled_days', '7', 'cancelled jobs are removed this many days after their end'),
  ('retain_discarded_days', NULL, 'discarded jobs are removed this many days after their end');

-- SQLite runs the triggers of a change in no promised order, in fact the latest made first: this one is made anew, so that
-- what a change brings about is recorded after the change.
DROP TRIGGER jobs_audit_update;
CREATE TRIGGER jobs_audit_update AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
  INSERT INTO events(job_id,from_state,to_state,attempt,by) VALUES (new.id,old.state,new.state,new.attempt,new.attempted_by);
END;

DROP VIEW job_status;
CREATE VIEW job_status AS
SELECT j.id, j.kind, j.queue,
  CASE WHEN j.state='running' AND j.lease_expires_at < strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'stalled'
       WHEN j.state='pending' AND j.held_at IS NOT NULL THEN 'held'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') AND j.attempt>0 THEN 'retryable'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'scheduled'
       ELSE j.state END AS status,
  j.priority, j.attempt||'/'||j.max_attempts AS tries,
  CASE WHEN j.state='running' THEN printf('%3.0f%%', 100*coalesce(j.progress,0)) END AS progress,
  datetime(j.scheduled_at,'localtime') AS scheduled, datetime(j.attempted_at,'localtime') AS started,
  datetime(j.finalized_at,'localtime') AS finished,
  coalesce(j.metadata->>'$.document', d.title, d.source, substr(replace(j.input,char(10),' '),1,40)) AS input, j.error
FROM jobs j LEFT JOIN documents d ON d.id=j.document_id;

DROP VIEW batch_progress;
CREATE VIEW batch_progress AS
SELECT id, name, total, completed, failed, cancelled, remaining, round(100.0*(total-remaining)/nullif(total,0),1) AS percent,
  total > 0 AND remaining = 0 AS complete, sealed_at IS NOT NULL AS sealed,
  CASE WHEN remaining = 0 THEN datetime(finished_at,'localtime') END AS finished
FROM (SELECT b.id, b.name, b.sealed_at, b.finished_at, count(j.id) AS total, coalesce(sum(j.state='completed'),0) AS completed,
        coalesce(sum(j.state='discarded'),0) AS failed, coalesce(sum(j.state='cancelled'),0) AS cancelled,
        coalesce(sum(j.state IN ('pending','available','running')),0) AS remaining
      FROM batches b LEFT JOIN jobs j ON j.batch_id=b.id GROUP BY b.id);

-- What holds back a queue, as people write it.
CREATE VIEW queue_limits AS
SELECT name AS queue, concurrency,
  CASE WHEN rate_count IS NOT NULL THEN rate_count || '/' || CASE rate_seconds WHEN 1 THEN 's' WHEN 60 THEN 'm'
         WHEN 3600 THEN 'h' WHEN 86400 THEN 'd' ELSE rate_seconds || 's' END
       WHEN rate_per_hour IS NOT NULL THEN rate_per_hour || '/h' END AS rate,
  window_start || '-' || window_end AS window, window_days AS days, window_end_policy AS at_end,
  timeout_seconds AS timeout, paused_at IS NOT NULL AS paused
FROM queues;
