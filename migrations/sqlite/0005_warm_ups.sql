-- Whose turn it is to warm the cache that instances share, and how far they are: one row for each reason to.
CREATE TABLE warm_ups (
    reason TEXT PRIMARY KEY,
    -- Which time it is: later ones are greater.
    occasion TEXT NOT NULL,
    -- The instance that does it, and until when nobody else may.
    holder TEXT NOT NULL,
    claimed_until TEXT NOT NULL,
    -- What is to be warmed, as a hash: positions of another plan mean nothing.
    plan TEXT NOT NULL,
    position INTEGER NOT NULL,
    loaded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT
) WITHOUT ROWID;
