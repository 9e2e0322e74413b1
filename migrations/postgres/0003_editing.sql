-- Editing: what of the catalogue is public, uploads on their way to it, and a record of every change.

ALTER TABLE editions ADD COLUMN status text NOT NULL DEFAULT 'published'
    CHECK (status IN ('draft', 'published', 'withdrawn'));
-- The hash that the catalogue of the seed pins; NULL if it has none, or does not know the edition.
ALTER TABLE editions ADD COLUMN pin text;
UPDATE editions SET pin = (SELECT sha256 FROM edition_contents WHERE edition = id AND pinned = 1);
-- The next seed writes the pins of what is not loaded.
UPDATE seeds SET sha256 = '' WHERE name = 'facts';

-- Every change by an editor. Rows are only ever added, under the lock that excludes other editors: numbers grow by one in
-- the order of commit.
CREATE TABLE audit_log (
    number bigint PRIMARY KEY,
    created_at text NOT NULL,
    -- The `sub` of the editor's token: the one place that keeps it.
    actor text NOT NULL,
    -- What of the subject was changed: its part before the dot; and how.
    action text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    -- JSON; NULL for what was not there. Of a text its hash, which names it in `text_archive`.
    state_before text,
    state_after text,
    -- The entry that this one takes back.
    reverts bigint REFERENCES audit_log (number)
);
CREATE INDEX audit_log_by_subject ON audit_log (subject, number);

-- Uploaded texts that are not published yet.
CREATE TABLE drafts (
    -- That of the entry in the log which says who uploaded it.
    number bigint PRIMARY KEY,
    edition text COLLATE "C" NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    file text NOT NULL,
    sha256 text NOT NULL,
    notice text,
    -- The `surah|ayah|text` lines that the hash is over.
    lines text NOT NULL,
    -- The hash of the text that it was compared with; NULL if none was loaded.
    base_sha256 text,
    -- How many ayahs differ from that, and the keys of the first, as a JSON array.
    differing integer NOT NULL,
    differing_keys text NOT NULL,
    created_at text NOT NULL
);
CREATE INDEX drafts_by_edition ON drafts (edition, number);

-- Texts that were replaced, and those that replaced them, by the hash under which the log knows them.
CREATE TABLE text_archive (
    sha256 text COLLATE "C" PRIMARY KEY,
    lines text NOT NULL
);
