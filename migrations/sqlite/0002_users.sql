-- What belongs to users: bookmarks, collections, reading positions. A user is known here by a hash only.
--
-- Every write of a user takes a number of the user's own count, in the transaction of the change. A client that remembers
-- the highest number it saw has missed nothing.

CREATE TABLE user_states (
    user_hash TEXT PRIMARY KEY,
    -- The number of the last change. Counts from the time when the row was made, in milliseconds since 1970, so that no
    -- number is used again even if the row is lost. The row stays when all of a user's data is deleted.
    version INTEGER NOT NULL,
    -- Deletions up to this number are forgotten: who was away for longer has to read everything again.
    forgotten INTEGER NOT NULL,
    -- Of what is not deleted: how many records, and how many bytes their contents have.
    record_count INTEGER NOT NULL DEFAULT 0,
    byte_count INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE user_records (
    user_hash TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bookmark', 'collection', 'position')),
    id TEXT NOT NULL CHECK (id <> ''),
    -- The number of its last change.
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    -- A deleted record stays for a while, so that devices that were away learn of it.
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    -- A JSON object; `{}` for what is deleted.
    content TEXT NOT NULL,
    PRIMARY KEY (user_hash, kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX user_records_by_version ON user_records (user_hash, version);
-- For those that are to be forgotten.
CREATE INDEX user_records_deleted ON user_records (updated_at) WHERE is_deleted = 1;

-- What clients asked for under a name of their own, so that asking again changes nothing.
CREATE TABLE user_mutations (
    user_hash TEXT NOT NULL,
    id TEXT NOT NULL,
    -- SHA-256 of what was asked for: the same name must not be used for something else.
    digest TEXT NOT NULL,
    -- What the record had then; 0 if there was none, and nothing to do.
    version INTEGER NOT NULL,
    applied_at TEXT NOT NULL,
    PRIMARY KEY (user_hash, id)
) WITHOUT ROWID;
CREATE INDEX user_mutations_by_age ON user_mutations (applied_at);

CREATE TRIGGER user_records_insert AFTER INSERT ON user_records BEGIN
    INSERT INTO content_bumps (tag) VALUES ('user:' || NEW.user_hash);
END;
CREATE TRIGGER user_records_update AFTER UPDATE ON user_records BEGIN
    INSERT INTO content_bumps (tag) VALUES ('user:' || NEW.user_hash);
    INSERT INTO content_bumps (tag) SELECT 'user:' || OLD.user_hash WHERE OLD.user_hash <> NEW.user_hash;
END;
CREATE TRIGGER user_records_delete AFTER DELETE ON user_records BEGIN
    INSERT INTO content_bumps (tag) VALUES ('user:' || OLD.user_hash);
END;
