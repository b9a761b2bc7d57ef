-- Schema version 6: where the texts of results stand in their documents.

ALTER TABLE results ADD COLUMN no_answer INTEGER NOT NULL DEFAULT 0 CHECK (no_answer IN (0,1));   -- the text says that the document doesn't tell
ALTER TABLE results ADD COLUMN answer_margin REAL;   -- nats per token by which the quotation is likelier than the no-answer text

-- What a result quotes of its job's text: a row each, in the order of the result's text. The text itself is
-- substr(documents.text or jobs.input, begin + 1, end - begin), as the view quoted_texts has it.
CREATE TABLE quotations (
  job_id      INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  position    INTEGER NOT NULL CHECK (position >= 1),
  document_id INTEGER REFERENCES documents(id) ON DELETE CASCADE,   -- NULL: jobs.input is quoted
  begin       INTEGER NOT NULL CHECK (begin >= 0),   -- characters before it, as length() and substr() count them
  end         INTEGER NOT NULL,                      -- characters before its end
  PRIMARY KEY (job_id, position),
  CONSTRAINT "a quotation ends after it begins" CHECK (begin < end)
) STRICT, WITHOUT ROWID;
CREATE INDEX quotations_document ON quotations (document_id) WHERE document_id IS NOT NULL;

-- A place is good for one result and one document: who changes either takes it away. Foreign keys are off at a prompt,
-- triggers run for everybody.
CREATE TRIGGER results_delete AFTER DELETE ON results BEGIN
  DELETE FROM quotations WHERE job_id = old.job_id;
END;
CREATE TRIGGER results_change AFTER UPDATE OF text, job_id ON results
WHEN new.text IS NOT old.text OR new.job_id <> old.job_id BEGIN
  DELETE FROM quotations WHERE job_id = old.job_id;
END;
CREATE TRIGGER documents_delete_quotations AFTER DELETE ON documents BEGIN
  DELETE FROM quotations WHERE document_id = old.id;
END;
CREATE TRIGGER documents_change_quotations AFTER UPDATE OF text, id ON documents
WHEN new.text IS NOT old.text OR new.id <> old.id BEGIN
  DELETE FROM quotations WHERE document_id = old.id;
END;
CREATE TRIGGER jobs_change_quotations AFTER UPDATE OF input, document_id ON jobs
WHEN new.input IS NOT old.input OR new.document_id IS NOT old.document_id BEGIN
  DELETE FROM quotations WHERE job_id = old.id;
END;
CREATE TRIGGER jobs_delete_quotations BEFORE DELETE ON jobs BEGIN
  DELETE FROM quotations WHERE job_id = old.id;
END;

CREATE VIEW quoted_texts AS
SELECT q.job_id, q.position, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question,
  q.document_id, q.begin, q.end,
  substr(CASE WHEN q.document_id IS NULL THEN j.input ELSE d.text END, q.begin + 1, q.end - q.begin) AS text
FROM quotations q JOIN jobs j ON j.id = q.job_id LEFT JOIN documents d ON d.id = q.document_id;
