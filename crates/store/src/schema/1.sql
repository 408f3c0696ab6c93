CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- `record` is the RunRecord as created; `status` and `ended` change and win over it.
CREATE TABLE runs (
    id      TEXT PRIMARY KEY,
    suite   TEXT NOT NULL,
    title   TEXT NOT NULL,
    started TEXT NOT NULL,
    ended   TEXT,
    status  TEXT NOT NULL,
    planned INTEGER NOT NULL,
    record  TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_start ON runs (started);

-- The task as it was when the run began, as JSON in a blob.
CREATE TABLE tasks (
    run      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    task     TEXT NOT NULL,
    position INTEGER NOT NULL,
    blob     TEXT NOT NULL,
    PRIMARY KEY (run, task)
) STRICT;

CREATE TABLE facts (
    run   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    task  TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (run, task)
) STRICT;

CREATE TABLE attempts (
    run       TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    task      TEXT NOT NULL,
    assistant TEXT NOT NULL,
    trial     INTEGER NOT NULL,
    attempt   INTEGER NOT NULL CHECK (attempt > 0),
    state     TEXT NOT NULL CHECK (state IN ('started', 'lost', 'interrupted', 'done')),
    dir       TEXT NOT NULL,
    reason    TEXT,
    started   INTEGER NOT NULL,
    ended     INTEGER,
    PRIMARY KEY (run, task, assistant, trial, attempt)
) STRICT;

CREATE TABLE trials (
    run       TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    task      TEXT NOT NULL,
    assistant TEXT NOT NULL,
    trial     INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    ending    TEXT NOT NULL,
    outcome   TEXT,
    usd       REAL,
    seconds   REAL NOT NULL,
    finished  INTEGER NOT NULL,
    record    TEXT NOT NULL,
    PRIMARY KEY (run, task, assistant, trial)
) STRICT;
