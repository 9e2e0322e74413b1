-- Editing: what of the catalogue is public, uploads on their way to it, and a record of every change.

ALTER TABLE editions ADD COLUMN status TEXT NOT NULL DEFAULT 'published'
    CHECK (status IN ('draft', 'published', 'withdrawn'));
-- The hash that the catalogue of the seed pins; NULL if it has none, or does not know the edition.
ALTER TABLE editions ADD COLUMN pin TEXT;
UPDATE editions SET pin = (SELECT sha256 FROM edition_contents WHERE edition = id AND pinned = 1);
-- The next seed writes the pins of what is not loaded.
UPDATE seeds SET sha256 = '' WHERE name = 'facts';

-- Every change by an editor. Rows are only ever added, under the lock that excludes other editors: numbers grow by one in
-- the order of commit.
CREATE TABLE audit_log (
    number INTEGER PRIMARY KEY,
    created_at TEXT NOT NULL,
    -- The `sub` of the editor's token: the one place that keeps it.
    actor TEXT NOT NULL,
    -- What of the subject was changed: its part before the dot; and how.
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON; NULL for what was not there. Of a text its hash, which names it in `text_archive`.
    state_before TEXT,
    state_after TEXT,
    -- The entry that this one takes back.
    reverts INTEGER REFERENCES audit_log (number)
);
CREATE INDEX audit_log_by_subject ON audit_log (subject, number);

-- Uploaded texts that are not published yet.
CREATE TABLE drafts (
    -- That of the entry in the log which says who uploaded it.
    number INTEGER PRIMARY KEY,
    edition TEXT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    notice TEXT,
    -- The `surah|ayah|text` lines that the hash is over.
    lines TEXT NOT NULL,
    -- The hash of the text that it was compared with; NULL if none was loaded.
    base_sha256 TEXT,
    -- How many ayahs differ from that, and the keys of the first, as a JSON array.
    differing INTEGER NOT NULL,
    differing_keys TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX drafts_by_edition ON drafts (edition, number);

-- Texts that were replaced, and those that replaced them, by the hash under which the log knows them.
CREATE TABLE text_archive (
    sha256 TEXT PRIMARY KEY,
    lines TEXT NOT NULL
) WITHOUT ROWID;
