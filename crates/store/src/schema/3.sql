-- What models that judge said of pairs of changes, each order on its own; `record` is an Asked.
CREATE TABLE advice (
    run    TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    judge  TEXT NOT NULL,
    task   TEXT NOT NULL,
    trial  INTEGER NOT NULL,
    one    TEXT NOT NULL,
    two    TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, judge, task, trial, one, two)
) STRICT;
