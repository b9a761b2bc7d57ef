-- Schema version 9: long documents. A job whose text doesn't fit the model is divided into parts, jobs of their own that
-- name it as their parent; it waits for them and then makes its result of theirs.

ALTER TABLE jobs ADD COLUMN part_level INTEGER NOT NULL DEFAULT 0;   -- of a part: 0 of the text, 1 of the results of level 0, and so on
ALTER TABLE jobs ADD COLUMN part_begin INTEGER;                      -- characters of the parent's text before it, as substr() counts
ALTER TABLE jobs ADD COLUMN part_end   INTEGER;                      -- and before its end
ALTER TABLE results ADD COLUMN parts INTEGER;                        -- of how many parts of the text it was made; NULL: in one piece
ALTER TABLE results ADD COLUMN cache_key TEXT;                       -- of a part: what it follows from, so that nobody computes it twice
ALTER TABLE results ADD COLUMN reused_from INTEGER;                  -- the job whose result this is a copy of

-- All partial: only parts pay for them. A part stands in its place once. Counting parts reads an index only.
DROP INDEX jobs_parent;
CREATE UNIQUE INDEX jobs_parts ON jobs (parent_id, part_level, part) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_part_states ON jobs (parent_id, state) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_part_counts ON jobs (queue, state, scheduled_at) WHERE parent_id IS NOT NULL;
CREATE INDEX results_cache ON results (cache_key) WHERE cache_key IS NOT NULL;

-- A parent waits, by end_dependencies, for one of its open parts at a time: when that is done, for another one. So the end
-- of a part costs the same however many there are.
CREATE TRIGGER jobs_part_completed AFTER UPDATE OF state ON jobs
WHEN new.parent_id IS NOT NULL AND new.state = 'completed' AND old.state <> new.state BEGIN
  UPDATE OR REPLACE end_dependencies SET depends_on = (SELECT id FROM jobs INDEXED BY jobs_part_states
      WHERE parent_id = new.parent_id AND state IN ('available','running','pending') LIMIT 1)
   WHERE job_id = new.parent_id AND depends_on = new.id
     AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states
      WHERE parent_id = new.parent_id AND state IN ('available','running','pending'));
END;
-- Without one of its parts it can't be done: it ends as the part did, with the reason.
CREATE TRIGGER jobs_part_failed AFTER UPDATE OF state ON jobs
WHEN new.parent_id IS NOT NULL AND new.state IN ('cancelled','discarded') AND old.state NOT IN ('cancelled','discarded') BEGIN
  UPDATE jobs SET state = new.state, finalized_at = new.finalized_at,
    error = 'part ' || coalesce(new.part, '?') || ' of it (job ' || new.id || ') was '
      || CASE new.state WHEN 'cancelled' THEN 'cancelled' ELSE 'given up' END || coalesce(': ' || new.error, '')
   WHERE id = new.parent_id AND state IN ('pending','available');
END;
-- Whose parent has ended is wanted no more.
CREATE TRIGGER jobs_parts_end AFTER UPDATE OF state ON jobs
WHEN new.state IN ('completed','cancelled','discarded') AND old.state NOT IN ('completed','cancelled','discarded')
  AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states
    WHERE parent_id = new.id AND state IN ('available','running','pending')) BEGIN
  UPDATE jobs SET state = 'cancelled', error = 'job ' || new.id || ', of which this is a part, was ' || new.state
   WHERE parent_id = new.id AND state IN ('available','running','pending');
END;
-- Who retries a job retries those of its parts that are missing, and it waits for them.
CREATE TRIGGER jobs_parts_again AFTER UPDATE OF state ON jobs
WHEN new.state = 'available' AND old.state IN ('completed','cancelled','discarded')
  AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states WHERE parent_id = new.id) BEGIN
  UPDATE jobs SET error = NULL WHERE id = new.id;
  UPDATE jobs SET state = 'available', error = NULL WHERE parent_id = new.id AND state IN ('cancelled','discarded');
  INSERT OR IGNORE INTO end_dependencies (job_id, depends_on)
    SELECT new.id, id FROM jobs INDEXED BY jobs_part_states
     WHERE parent_id = new.id AND state IN ('available','running','pending') LIMIT 1;
END;
-- Who retries a part wants the whole: what was made of the part's result is made anew, up to the parent.
CREATE TRIGGER jobs_part_again AFTER UPDATE OF state ON jobs
WHEN new.parent_id IS NOT NULL AND new.state = 'available' AND old.state IN ('completed','cancelled','discarded') BEGIN
  UPDATE jobs SET error = NULL WHERE id = new.id;
  DELETE FROM jobs WHERE parent_id = new.parent_id AND part_level > new.part_level;
  UPDATE jobs SET state = 'available' WHERE id = new.parent_id AND state IN ('completed','cancelled','discarded');
  INSERT OR IGNORE INTO end_dependencies (job_id, depends_on)
    SELECT id, new.id FROM jobs WHERE id = new.parent_id AND state = 'available';
END;
-- Parts go where their parent goes.
CREATE TRIGGER jobs_parts_follow AFTER UPDATE OF priority, queue, timeout_seconds ON jobs
WHEN (new.priority <> old.priority OR new.queue <> old.queue OR new.timeout_seconds IS NOT old.timeout_seconds)
  AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states WHERE parent_id = new.id) BEGIN
  UPDATE jobs SET priority = new.priority, queue = new.queue, timeout_seconds = new.timeout_seconds
   WHERE parent_id = new.id AND finalized_at IS NULL;
END;
CREATE TRIGGER jobs_parts_hold AFTER UPDATE OF held_at ON jobs
WHEN new.held_at IS NOT old.held_at AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states WHERE parent_id = new.id) BEGIN
  UPDATE jobs SET held_at = new.held_at WHERE parent_id = new.id AND finalized_at IS NULL;
END;
-- Parts are parts of one text under one order: who changes either divides the job anew.
CREATE TRIGGER jobs_change_parts AFTER UPDATE OF kind, options, question, document_id, input, template_id ON jobs
WHEN (new.kind <> old.kind OR new.options <> old.options OR new.question IS NOT old.question
    OR new.document_id IS NOT old.document_id OR new.input IS NOT old.input OR new.template_id IS NOT old.template_id)
  AND EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states WHERE parent_id = new.id) BEGIN
  DELETE FROM jobs WHERE parent_id = new.id;
END;
CREATE TRIGGER documents_change_parts AFTER UPDATE OF text ON documents WHEN new.text IS NOT old.text BEGIN
  DELETE FROM jobs WHERE parent_id IN (SELECT id FROM jobs WHERE document_id = new.id);
END;
-- Parts go with their parent, and their trail with them.
CREATE TRIGGER jobs_delete_parts BEFORE DELETE ON jobs
WHEN EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_part_states WHERE parent_id = old.id) BEGIN
  DELETE FROM jobs WHERE parent_id = old.id;
END;
CREATE TRIGGER jobs_part_deleted AFTER DELETE ON jobs WHEN old.parent_id IS NOT NULL BEGIN
  DELETE FROM events WHERE job_id = old.id;
END;

-- These two run first, since they are made last: the trail tells a change before what it brings about.
DROP TRIGGER jobs_audit_update;
CREATE TRIGGER jobs_audit_update AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
  INSERT INTO events(job_id,from_state,to_state,attempt,by) VALUES (new.id,old.state,new.state,new.attempt,new.attempted_by);
END;
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

-- The passages of a document that a question was answered from: a row each, in the document's order. The text itself is
-- substr(documents.text or jobs.input, begin + 1, end - begin), as the view evidence_texts has it.
CREATE TABLE evidence (
  job_id      INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  position    INTEGER NOT NULL CHECK (position >= 1),
  document_id INTEGER REFERENCES documents(id) ON DELETE CASCADE,   -- NULL: jobs.input is meant
  begin       INTEGER NOT NULL CHECK (begin >= 0),   -- characters before it, as length() and substr() count them
  end         INTEGER NOT NULL,                      -- characters before its end
  score       REAL,                                  -- BM25: how well it matches the question, the higher the better
  PRIMARY KEY (job_id, position),
  CONSTRAINT "evidence ends after it begins" CHECK (begin < end)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_document ON evidence (document_id) WHERE document_id IS NOT NULL;
CREATE TRIGGER results_delete_evidence AFTER DELETE ON results BEGIN
  DELETE FROM evidence WHERE job_id = old.job_id;
END;
CREATE TRIGGER documents_delete_evidence AFTER DELETE ON documents BEGIN
  DELETE FROM evidence WHERE document_id = old.id;
END;
CREATE TRIGGER documents_change_evidence AFTER UPDATE OF text, id ON documents
WHEN new.text IS NOT old.text OR new.id <> old.id BEGIN
  DELETE FROM evidence WHERE document_id = old.id;
END;
CREATE TRIGGER jobs_change_evidence AFTER UPDATE OF input, document_id ON jobs
WHEN new.input IS NOT old.input OR new.document_id IS NOT old.document_id BEGIN
  DELETE FROM evidence WHERE job_id = old.id;
END;
CREATE TRIGGER jobs_delete_evidence BEFORE DELETE ON jobs BEGIN
  DELETE FROM evidence WHERE job_id = old.id;
END;
CREATE VIEW evidence_texts AS
SELECT e.job_id, e.position, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question,
  e.document_id, e.begin, e.end, e.score,
  substr(CASE WHEN e.document_id IS NULL THEN j.input ELSE d.text END, e.begin + 1, e.end - e.begin) AS text
FROM evidence e JOIN jobs j ON j.id = e.job_id LEFT JOIN documents d ON d.id = e.document_id;

-- The parts of jobs, with what came of them.
CREATE VIEW part_texts AS
SELECT c.parent_id AS job, c.part_level AS level, c.part, c.id, c.state, c.part_begin AS begin, c.part_end AS end,
  c.metadata->>'$.cut' AS cut, c.input AS text, r.text AS result, r.reused_from, c.error
FROM jobs c LEFT JOIN results r ON r.job_id = c.id WHERE c.parent_id IS NOT NULL;

-- The same columns as before, the parent's progress by its parts, and which job's part it is.
DROP VIEW job_status;
CREATE VIEW job_status AS
SELECT j.id, j.kind, j.queue,
  CASE WHEN j.state='running' AND j.lease_expires_at < strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'stalled'
       WHEN j.state='pending' AND j.held_at IS NOT NULL THEN 'held'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') AND j.attempt>0 THEN 'retryable'
       WHEN j.state='available' AND j.scheduled_at > strftime('%Y-%m-%dT%H:%M:%fZ') THEN 'scheduled'
       ELSE j.state END AS status,
  j.priority, j.attempt||'/'||j.max_attempts AS tries,
  CASE WHEN j.state='running' THEN printf('%3.0f%%', 100*coalesce(j.progress,0))
       WHEN j.state='pending' AND EXISTS (SELECT 1 FROM jobs c WHERE c.parent_id = j.id)
       THEN (SELECT printf('%3.0f%%', 100.0*sum(c.state='completed')/(count(*)+1)) FROM jobs c WHERE c.parent_id = j.id)
  END AS progress,
  datetime(j.scheduled_at,'localtime') AS scheduled, datetime(j.attempted_at,'localtime') AS started,
  datetime(j.finalized_at,'localtime') AS finished,
  coalesce(j.metadata->>'$.document', d.title, d.source, substr(replace(j.input,char(10),' '),1,40)) AS input, j.error,
  j.parent_id, j.part
FROM jobs j LEFT JOIN documents d ON d.id=j.document_id;

-- Results, those of parts among them; and, with the same columns as before, without.
CREATE VIEW all_result_texts AS
SELECT j.id, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question, r.text,
       a.prompt_tokens, a.completion_tokens, a.finish_reason, a.total_ms/1000.0 AS seconds,
       round(a.tokens_per_second,2) AS tokens_per_second, datetime(r.created_at,'localtime') AS finished, b.name AS batch,
       r.stopped_by, r.truncated, r.parts, j.parent_id, j.part
FROM results r JOIN jobs j ON j.id=r.job_id JOIN attempts a ON a.job_id=r.job_id AND a.attempt=r.attempt
LEFT JOIN documents d ON d.id=j.document_id LEFT JOIN batches b ON b.id=j.batch_id;
DROP VIEW result_texts;
CREATE VIEW result_texts AS
SELECT id, kind, document, question, text, prompt_tokens, completion_tokens, finish_reason, seconds, tokens_per_second,
  finished, batch, stopped_by, truncated, parts
FROM all_result_texts WHERE parent_id IS NULL;

DROP VIEW failures;
CREATE VIEW failures AS
SELECT j.id, j.kind, j.state, a.attempt, a.outcome, a.error_code, a.error, datetime(a.finished_at,'localtime') AS at,
  j.parent_id, j.part
FROM jobs j JOIN attempts a ON a.job_id=j.id WHERE a.outcome IN ('failed','timed_out','lost') ORDER BY a.finished_at DESC;

-- The same columns as before, of whole jobs, and parts: those that are to be done still.
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
     AND j.scheduled_at<=strftime('%Y-%m-%dT%H:%M:%fZ'))
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='available'
     AND j.queue=q.name AND j.scheduled_at<=strftime('%Y-%m-%dT%H:%M:%fZ')) AS available,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_claim WHERE j.state='available' AND j.queue=q.name
     AND j.scheduled_at> strftime('%Y-%m-%dT%H:%M:%fZ'))
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='available'
     AND j.queue=q.name AND j.scheduled_at> strftime('%Y-%m-%dT%H:%M:%fZ')) AS scheduled,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_lease WHERE j.state='running' AND j.queue=q.name)
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='running'
     AND j.queue=q.name) AS running,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_pending WHERE j.state='pending' AND j.queue=q.name)
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='pending'
     AND j.queue=q.name) AS pending,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='completed')
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='completed'
     AND j.queue=q.name) AS completed,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='discarded')
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='discarded'
     AND j.queue=q.name) AS discarded,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_finished_counts
    WHERE j.finalized_at IS NOT NULL AND j.queue=q.name AND j.state='cancelled')
   - (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.state='cancelled'
     AND j.queue=q.name) AS cancelled,
  (SELECT min(j.scheduled_at) FROM jobs j INDEXED BY jobs_claim WHERE j.state='available' AND j.queue=q.name) AS oldest,
  (SELECT count(*) FROM jobs j INDEXED BY jobs_part_counts WHERE j.parent_id IS NOT NULL AND j.queue=q.name
     AND j.state IN ('available','running','pending')) AS parts
FROM queues q;
