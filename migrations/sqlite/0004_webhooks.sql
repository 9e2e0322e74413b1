-- What other systems announced here, and what is told to other systems.

-- Webhooks that were taken, so that one that is sent again changes nothing.
CREATE TABLE webhook_receipts (
    id TEXT PRIMARY KEY,
    -- The tags whose versions it raised, separated by spaces.
    tags TEXT NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhook_receipts_by_expiry ON webhook_receipts (expires_at);

-- Who is told of changes, and up to where in the count of changes there are deliveries. The address itself stays in the
-- configuration: it may hold a secret.
CREATE TABLE webhook_targets (
    id TEXT PRIMARY KEY,
    -- The address without what may be secret.
    shown TEXT NOT NULL,
    position INTEGER NOT NULL,
    history TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    target TEXT NOT NULL REFERENCES webhook_targets (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    -- NULL where it tells that the history went back, and in what was told before: versions may be used again then.
    version INTEGER,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    next_attempt_at TEXT NOT NULL,
    -- An instance is sending it, until then at most.
    claimed_until TEXT,
    finished_at TEXT,
    last_error TEXT,
    -- A change may be read twice and is told once.
    UNIQUE (target, tag, version)
) WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (target, next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (state, finished_at);
