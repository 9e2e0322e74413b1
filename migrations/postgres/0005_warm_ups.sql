-- Whose turn it is to warm the cache that instances share, and how far they are: one row for each reason to.
CREATE TABLE warm_ups (
    reason text COLLATE "C" PRIMARY KEY,
    -- Which time it is: later ones are greater.
    occasion text COLLATE "C" NOT NULL,
    -- The instance that does it, and until when nobody else may.
    holder text NOT NULL,
    claimed_until text COLLATE "C" NOT NULL,
    -- What is to be warmed, as a hash: positions of another plan mean nothing.
    plan text NOT NULL,
    position integer NOT NULL,
    loaded integer NOT NULL,
    failed integer NOT NULL,
    bytes bigint NOT NULL,
    started_at text COLLATE "C" NOT NULL,
    finished_at text COLLATE "C"
);
