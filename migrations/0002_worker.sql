-- Schema version 2: what a worker needs beside the tables of version 1, and triggers that make a change by hand at the
-- sqlite3 prompt, where foreign keys are off, leave the same traces as one made by a worker.

-- The text of a finish that came too late to be the job's result: paid for, so kept.
ALTER TABLE attempts ADD COLUMN late_text TEXT;

-- How other processes on this host find out that a worker is dead: it holds an flock on lock_path for life.
ALTER TABLE workers ADD COLUMN boot_id TEXT;
ALTER TABLE workers ADD COLUMN lock_path TEXT;

-- Counting a million jobs by state must read an index only, never the rows: so the column of each index's own condition
-- stands in it too. All are partial: the claim can't mistake them for jobs_claim, and an insert of an available job
-- doesn't pay for them.
DROP INDEX jobs_claim;
CREATE INDEX jobs_claim ON jobs (queue, priority, scheduled_at, id, state) WHERE state = 'available';
CREATE INDEX jobs_finished_counts ON jobs (queue, state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX jobs_pending ON jobs (queue, state) WHERE state = 'pending';
CREATE INDEX attempts_failed ON attempts (finished_at) WHERE outcome IN ('failed','timed_out','lost');

-- The refusal says what would have been lawful.
DROP TRIGGER jobs_transition;
CREATE TRIGGER jobs_transition BEFORE UPDATE OF state ON jobs
WHEN old.state <> new.state AND (old.state || '>' || new.state) NOT IN (
  'pending>available','pending>cancelled','pending>discarded',
  'available>running','available>pending','available>cancelled','available>discarded',
  'running>completed','running>available','running>cancelled','running>discarded',
  'completed>available','cancelled>available','discarded>available') BEGIN
  SELECT CASE old.state
    WHEN 'pending'   THEN RAISE(ABORT, 'unlawful job state transition: a pending job can become available, cancelled or discarded')
    WHEN 'available' THEN RAISE(ABORT, 'unlawful job state transition: an available job can become pending, running, cancelled or discarded')
    WHEN 'running'   THEN RAISE(ABORT, 'unlawful job state transition: a running job can become available, completed, cancelled or discarded')
    WHEN 'completed' THEN RAISE(ABORT, 'unlawful job state transition: a completed job can only become available, to run again')
    ELSE RAISE(ABORT, 'unlawful job state transition: a cancelled or discarded job can only become available, to run again')
  END;
END;

-- Whoever takes a running job away from its worker (cancel, release, discard by hand) ends the attempt as well. A worker
-- ends its own attempt before it changes the job, so that this finds nothing to do then.
CREATE TRIGGER jobs_end_attempt AFTER UPDATE OF state ON jobs WHEN old.state = 'running' AND new.state <> 'running' BEGIN
  UPDATE attempts SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ'),
    outcome = CASE new.state WHEN 'cancelled' THEN 'cancelled' WHEN 'completed' THEN 'completed' ELSE 'interrupted' END
  WHERE job_id = old.id AND attempt = old.attempt AND outcome = 'running';
END;

-- A job that is inserted as finished counts as finished.
CREATE TRIGGER jobs_finished_insert AFTER INSERT ON jobs
WHEN new.state IN ('completed','cancelled','discarded') AND new.finalized_at IS NULL BEGIN
  UPDATE jobs SET finalized_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE id = new.id;
END;

-- A queue named in an UPDATE comes into being too.
CREATE TRIGGER jobs_move_queue BEFORE UPDATE OF queue ON jobs BEGIN
  INSERT OR IGNORE INTO queues(name) VALUES (new.queue);
END;

-- A job made to depend on an unfinished one waits for it.
CREATE TRIGGER job_dependencies_wait AFTER INSERT ON job_dependencies
WHEN (SELECT state FROM jobs WHERE id = new.depends_on) IS NOT 'completed' BEGIN
  UPDATE jobs SET state = 'pending' WHERE id = new.job_id AND state = 'available';
END;

-- Deleting a job takes its rows elsewhere with it, foreign keys or not. What waited for an unfinished job that is gone
-- would wait for ever: it is cancelled, with the reason.
CREATE TRIGGER jobs_delete BEFORE DELETE ON jobs BEGIN
  UPDATE jobs SET state = 'cancelled', error = 'job ' || old.id || ', which this one depends on, was deleted'
   WHERE old.state <> 'completed' AND state = 'pending'
     AND id IN (SELECT job_id FROM job_dependencies WHERE depends_on = old.id);
  DELETE FROM job_dependencies WHERE job_id = old.id OR depends_on = old.id;
  DELETE FROM attempts WHERE job_id = old.id;
  DELETE FROM results WHERE job_id = old.id;
END;

-- The same file under two names is one document; a job then says in its metadata which name it was queued under.
DROP VIEW job_status;
CREATE VIEW job_status AS
SELECT j.id, j.kind, j.queue,
  CASE WHEN j.state='running' AND j.lease_expires_at < strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'stalled'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') AND j.attempt>0 THEN 'retryable'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'scheduled'
       ELSE j.state END AS status,
  j.priority, j.attempt||'/'||j.max_attempts AS tries,
  CASE WHEN j.state='running' THEN printf('%3.0f%%', 100*coalesce(j.progress,0)) END AS progress,
  datetime(j.scheduled_at,'localtime') AS scheduled, datetime(j.attempted_at,'localtime') AS started,
  datetime(j.finalized_at,'localtime') AS finished,
  coalesce(j.metadata->>'$.document', d.title, d.source, substr(replace(j.input,char(10),' '),1,40)) AS input, j.error
FROM jobs j LEFT JOIN documents d ON d.id=j.document_id;

DROP VIEW result_texts;
CREATE VIEW result_texts AS
SELECT j.id, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question, r.text,
       a.prompt_tokens, a.completion_tokens, a.finish_reason, a.total_ms/1000.0 AS seconds,
       round(a.tokens_per_second,2) AS tokens_per_second, datetime(r.created_at,'localtime') AS finished, b.name AS batch
FROM results r JOIN jobs j ON j.id=r.job_id JOIN attempts a ON a.job_id=r.job_id AND a.attempt=r.attempt
LEFT JOIN documents d ON d.id=j.document_id LEFT JOIN batches b ON b.id=j.batch_id;

-- The same columns as before, each counted over the partial index of its state.
DROP VIEW queue_status;
CREATE VIEW queue_status AS
SELECT q.name AS queue, q.paused_at IS NOT NULL AS paused,
  CASE WHEN q.window_start IS NULL THEN 1
       WHEN q.window_start <= q.window_end THEN
            strftime('%H:%M','now','localtime') >= q.window_start AND strftime('%H:%M','now','localtime') < q.window_end
            AND instr(q.window_days, strftime('%w','now','localtime'))>0
       ELSE (strftime('%H:%M','now','localtime') >= q.window_start AND instr(q.window_days, strftime('%w','now','localtime'))>0)
         OR (strftime('%H:%M','now','localtime') <  q.window_end   AND instr(q.window_days, strftime('%w','now','localtime','-1 day'))>0)
  END AS open_now,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_claim WHERE j.state='available' AND j.queue=q.name
     AND j.scheduled_at<=strftime('%Y-%m-%dT%H:%M:%fZ')) AS available,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_claim WHERE j.state='available' AND j.queue=q.name
     AND j.scheduled_at> strftime('%Y-%m-%dT%H:%M:%fZ')) AS scheduled,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_lease WHERE j.state='running' AND j.queue=q.name) AS running,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_pending WHERE j.state='pending' AND j.queue=q.name) AS pending,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='completed') AS completed,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='discarded') AS discarded,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='cancelled') AS cancelled,
  (SELECT min(j.scheduled_at) FROM jobs j INDEXED BY jobs_claim WHERE j.state='available' AND j.queue=q.name) AS oldest
FROM queues q;
