-- Schema version 5: a result tells what cut its text short.

-- What ended the text before it came to an end of its own: 'repetition', when it said the same over and over. NULL: nothing.
ALTER TABLE results ADD COLUMN stopped_by TEXT;

-- The same columns as before, and the new one.
DROP VIEW result_texts;
CREATE VIEW result_texts AS
SELECT j.id, j.kind, coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id) AS document, j.question, r.text,
       a.prompt_tokens, a.completion_tokens, a.finish_reason, a.total_ms/1000.0 AS seconds,
       round(a.tokens_per_second,2) AS tokens_per_second, datetime(r.created_at,'localtime') AS finished, b.name AS batch,
       r.stopped_by
FROM results r JOIN jobs j ON j.id=r.job_id JOIN attempts a ON a.job_id=r.job_id AND a.attempt=r.attempt
LEFT JOIN documents d ON d.id=j.document_id LEFT JOIN batches b ON b.id=j.batch_id;
