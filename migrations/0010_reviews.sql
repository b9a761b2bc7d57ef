-- Schema version 10: what people say of results, and how each result was asked for, so that a training set can be made.

-- The definitions of kinds that results were made by, each once: a kind's file may have changed since.
CREATE TABLE definitions (
  sha256     TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  kind       TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
  text       TEXT NOT NULL               -- YAML
) STRICT;
ALTER TABLE results ADD COLUMN definition TEXT;   -- definitions.sha256
ALTER TABLE results ADD COLUMN style TEXT;        -- the style of prompt, unless the job's own option says another

-- One verdict a job. 'corrected' has the text as it ought to have been. What was judged is kept, as the result may be
-- made again: a verdict is about that text on that input, and goes with the input.
CREATE TABLE reviews (
  job_id     INTEGER PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
  verdict    TEXT NOT NULL CHECK (verdict IN ('accepted','rejected','corrected')),
  at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
  by         TEXT,                        -- who
  note       TEXT,                        -- why
  model      TEXT,                        -- of the result that was judged, filled in by itself, as the columns below
  definition TEXT,
  style      TEXT,
  correction TEXT CHECK (correction IS NULL OR trim(correction, ' ' || char(9) || char(10) || char(13)) <> ''),
  text       TEXT,                        -- what was judged
  CONSTRAINT "a corrected result has a correction, and no other has" CHECK ((verdict = 'corrected') = (correction IS NOT NULL))
) STRICT;

CREATE TRIGGER reviews_need_result BEFORE INSERT ON reviews
WHEN NOT EXISTS (SELECT 1 FROM results WHERE job_id = new.job_id) BEGIN
  SELECT RAISE(ABORT, 'only a result can be reviewed: the job has none');
END;
CREATE TRIGGER reviews_json_insert BEFORE INSERT ON reviews
WHEN new.correction IS NOT NULL AND NOT json_valid(new.correction)
  AND (SELECT format FROM results WHERE job_id = new.job_id) = 'json' BEGIN
  SELECT RAISE(ABORT, 'the result is JSON, and so must its correction be');
END;
CREATE TRIGGER reviews_json_update BEFORE UPDATE OF correction ON reviews
WHEN new.correction IS NOT NULL AND NOT json_valid(new.correction)
  AND (SELECT format FROM results WHERE job_id = new.job_id) = 'json' BEGIN
  SELECT RAISE(ABORT, 'the result is JSON, and so must its correction be');
END;
CREATE TRIGGER reviews_fill_insert AFTER INSERT ON reviews WHEN new.text IS NULL BEGIN
  UPDATE reviews SET (text, model, definition, style) =
    (SELECT text, model, definition, style FROM results WHERE job_id = new.job_id) WHERE job_id = new.job_id;
END;
-- Another verdict is about the result as it is now.
CREATE TRIGGER reviews_fill_update AFTER UPDATE OF verdict, correction ON reviews
WHEN new.text IS old.text AND EXISTS (SELECT 1 FROM results WHERE job_id = new.job_id) BEGIN
  UPDATE reviews SET at = strftime('%Y-%m-%dT%H:%M:%fZ'), (text, model, definition, style) =
    (SELECT text, model, definition, style FROM results WHERE job_id = new.job_id) WHERE job_id = new.job_id;
END;
-- Foreign keys are off at a prompt, triggers run for everybody.
CREATE TRIGGER jobs_delete_reviews BEFORE DELETE ON jobs BEGIN
  DELETE FROM reviews WHERE job_id = old.id;
END;
CREATE TRIGGER jobs_change_reviews AFTER UPDATE OF input, document_id, question ON jobs
WHEN new.input IS NOT old.input OR new.document_id IS NOT old.document_id OR new.question IS NOT old.question BEGIN
  DELETE FROM reviews WHERE job_id = old.id;
END;
CREATE TRIGGER documents_change_reviews AFTER UPDATE OF text ON documents WHEN new.text IS NOT old.text BEGIN
  DELETE FROM reviews WHERE job_id IN (SELECT id FROM jobs WHERE document_id = old.id);
END;

CREATE VIEW review_texts AS
SELECT j.id, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question,
  v.verdict, v.text, v.correction, v.note, v.by, datetime(v.at,'localtime') AS at, b.name AS batch, v.model
FROM reviews v JOIN jobs j ON j.id = v.job_id
LEFT JOIN documents d ON d.id = j.document_id LEFT JOIN batches b ON b.id = j.batch_id;

-- Verdicts out of a file may name jobs so.
CREATE INDEX jobs_custom_id ON jobs (custom_id) WHERE custom_id IS NOT NULL;
