-- Schema version 7: nights on several machines, as 'nightshift slurm' has submitted them and 'slurm sync' has found them.

CREATE TABLE slurm_runs (             -- a split that was given to Slurm
  id           INTEGER PRIMARY KEY,
  split        TEXT NOT NULL UNIQUE,  -- the first part of jobs.metadata->>'$.shard'
  folder       TEXT NOT NULL UNIQUE,  -- the shards, the script, its logs
  shards       INTEGER NOT NULL CHECK (shards >= 1),
  jobs         INTEGER NOT NULL CHECK (jobs >= 0),
  nodes        INTEGER NOT NULL CHECK (nodes >= 1),   -- tasks at once
  created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
  synced_at    TEXT,
  cancelled_at TEXT,
  finished_at  TEXT                   -- every job of the split has ended here
) STRICT;

CREATE TABLE slurm_submissions (      -- each sbatch
  run_id       INTEGER NOT NULL REFERENCES slurm_runs(id) ON DELETE CASCADE,
  slurm_job    TEXT NOT NULL,         -- what Slurm calls the array
  tasks        TEXT NOT NULL,         -- the shards, as --array has them
  command      TEXT NOT NULL,
  submitted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
  PRIMARY KEY (run_id, slurm_job)
) STRICT, WITHOUT ROWID;

CREATE TABLE slurm_events (           -- what the tasks have written of their beginnings and ends
  run_id   INTEGER NOT NULL REFERENCES slurm_runs(id) ON DELETE CASCADE,
  shard    INTEGER NOT NULL,
  line     INTEGER NOT NULL,          -- of the shard's file, from 1
  at       TEXT NOT NULL,
  task     TEXT NOT NULL,             -- such as 17_3
  restarts INTEGER NOT NULL,
  node     TEXT NOT NULL,
  event    TEXT NOT NULL,             -- began, ended, requeued, requeued elsewhere, gave up, told to stop
  status   INTEGER,                   -- the worker's exit code
  PRIMARY KEY (run_id, shard, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE slurm_files (            -- states of shards that were merged, by which 'slurm sync' knows what is new
  run_id INTEGER NOT NULL REFERENCES slurm_runs(id) ON DELETE CASCADE,
  path   TEXT NOT NULL,
  stamp  TEXT NOT NULL,
  PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE shard_runs (             -- each worker that has borrowed a shard, on whichever engine
  split      TEXT NOT NULL,
  shard      INTEGER NOT NULL,
  run        INTEGER NOT NULL,        -- from 1
  hostname   TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  task       TEXT,                    -- what the engine calls it
  started_at TEXT NOT NULL,
  ended_at   TEXT,                    -- NULL: at work, killed, or vanished with its machine
  outcome    TEXT,                    -- done, stopped, failed, superseded
  PRIMARY KEY (split, shard, run)
) STRICT, WITHOUT ROWID;

-- How each run of a shard ended. One without an end that a later one has followed was killed, or its machine vanished.
CREATE VIEW shard_history AS
SELECT r.split, r.shard, r.run, r.hostname, r.task, datetime(r.started_at,'localtime') AS started,
  datetime(r.ended_at,'localtime') AS ended,
  coalesce(r.outcome, CASE WHEN EXISTS (SELECT 1 FROM shard_runs n WHERE n.split = r.split AND n.shard = r.shard AND n.run > r.run)
    THEN 'killed or vanished' ELSE 'at work, killed or vanished' END) AS outcome
FROM shard_runs r ORDER BY r.split, r.shard, r.run;

-- How far each shard is, by what was merged.
CREATE VIEW shard_progress AS
SELECT substr(j.metadata->>'$.shard', 1, instr(j.metadata->>'$.shard', ':') - 1) AS split,
  CAST(substr(j.metadata->>'$.shard', instr(j.metadata->>'$.shard', ':') + 1) AS INTEGER) AS shard,
  count(*) AS jobs, sum(j.state = 'completed') AS completed, sum(j.state IN ('discarded','cancelled')) AS failed,
  sum(j.state IN ('pending','available','running')) AS missing
FROM jobs j WHERE j.metadata->>'$.shard' IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2;
