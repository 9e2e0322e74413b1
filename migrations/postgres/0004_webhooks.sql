-- What other systems announced here, and what is told to other systems.

-- Webhooks that were taken, so that one that is sent again changes nothing.
CREATE TABLE webhook_receipts (
    id text COLLATE "C" PRIMARY KEY,
    -- The tags whose versions it raised, separated by spaces.
    tags text NOT NULL,
    expires_at text COLLATE "C" NOT NULL
);
CREATE INDEX webhook_receipts_by_expiry ON webhook_receipts (expires_at);

-- Who is told of changes, and up to where in the count of changes there are deliveries. The address itself stays in the
-- configuration: it may hold a secret.
CREATE TABLE webhook_targets (
    id text COLLATE "C" PRIMARY KEY,
    -- The address without what may be secret.
    shown text NOT NULL,
    position bigint NOT NULL,
    history text NOT NULL
);

CREATE TABLE webhook_deliveries (
    id text COLLATE "C" PRIMARY KEY,
    target text COLLATE "C" NOT NULL REFERENCES webhook_targets (id) ON DELETE CASCADE,
    tag text COLLATE "C" NOT NULL,
    -- NULL where it tells that the history went back, and in what was told before: versions may be used again then.
    version bigint,
    payload text NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    next_attempt_at text COLLATE "C" NOT NULL,
    -- An instance is sending it, until then at most.
    claimed_until text COLLATE "C",
    finished_at text COLLATE "C",
    last_error text,
    -- A change may be read twice and is told once.
    UNIQUE (target, tag, version)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (target, next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (state, finished_at);
