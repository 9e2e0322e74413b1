-- What belongs to users: bookmarks, collections, reading positions. A user is known here by a hash only.
--
-- Every write of a user takes a number of the user's own count, in the transaction of the change, and locks the count's
-- row until it commits. So the numbers of one user are ordered by commit, and a client that remembers the highest one it
-- saw has missed nothing.

CREATE TABLE user_states (
    user_hash text COLLATE "C" PRIMARY KEY,
    -- The number of the last change. Counts from the time when the row was made, in milliseconds since 1970, so that no
    -- number is used again even if the row is lost. The row stays when all of a user's data is deleted.
    version bigint NOT NULL,
    -- Deletions up to this number are forgotten: who was away for longer has to read everything again.
    forgotten bigint NOT NULL,
    -- Of what is not deleted: how many records, and how many bytes their contents have.
    record_count bigint NOT NULL DEFAULT 0,
    byte_count bigint NOT NULL DEFAULT 0
);

CREATE TABLE user_records (
    user_hash text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('bookmark', 'collection', 'position')),
    id text COLLATE "C" NOT NULL CHECK (id <> ''),
    -- The number of its last change.
    version bigint NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    -- A deleted record stays for a while, so that devices that were away learn of it.
    is_deleted integer NOT NULL CHECK (is_deleted IN (0, 1)),
    -- A JSON object; `{}` for what is deleted.
    content text NOT NULL,
    PRIMARY KEY (user_hash, kind, id)
);
CREATE UNIQUE INDEX user_records_by_version ON user_records (user_hash, version);
-- For those that are to be forgotten.
CREATE INDEX user_records_deleted ON user_records (updated_at) WHERE is_deleted = 1;

-- What clients asked for under a name of their own, so that asking again changes nothing.
CREATE TABLE user_mutations (
    user_hash text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    -- SHA-256 of what was asked for: the same name must not be used for something else.
    digest text NOT NULL,
    -- What the record had then; 0 if there was none, and nothing to do.
    version bigint NOT NULL,
    applied_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_hash, id)
);
CREATE INDEX user_mutations_by_age ON user_mutations (applied_at);

CREATE TRIGGER user_records_insert AFTER INSERT ON user_records REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION content_changed('SELECT ''user:'' || user_hash FROM changed');
CREATE TRIGGER user_records_update AFTER UPDATE ON user_records
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION content_changed('SELECT ''user:'' || user_hash FROM changed');
CREATE TRIGGER user_records_delete AFTER DELETE ON user_records REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION content_changed('SELECT ''user:'' || user_hash FROM changed');
CREATE TRIGGER user_records_truncate AFTER TRUNCATE ON user_records
    FOR EACH STATEMENT EXECUTE FUNCTION content_truncated('^user:');
