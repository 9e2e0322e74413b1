-- The content of the Quran and, for every tag that something cached may carry, a version that moves with it.
--
-- Triggers bump the versions in the transaction of the change, whoever makes it. SQLite has one writer at a time, so
-- `sequence` is ordered by commit: a reader that remembers the highest one it saw misses nothing.

CREATE TABLE content_versions (
    tag TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX content_versions_by_sequence ON content_versions (sequence);
-- What tells this store from any other: every cached answer carries it, so that stores which share a cache by mistake do
-- not take each other's answers for their own.
INSERT INTO content_versions (tag, version, sequence) VALUES ('store:' || lower(hex(randomblob(16))), 1, 1);

CREATE TABLE surahs (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 114),
    name_arabic TEXT NOT NULL,
    name_transliterated TEXT NOT NULL,
    name_english TEXT NOT NULL,
    revelation_place TEXT NOT NULL CHECK (revelation_place IN ('meccan', 'medinan')),
    revelation_order INTEGER NOT NULL,
    ayah_count INTEGER NOT NULL CHECK (ayah_count > 0),
    has_basmala INTEGER NOT NULL CHECK (has_basmala IN (0, 1))
);

-- Where each juz, hizb, rub, manzil, ruku and page starts, by scheme.
CREATE TABLE divisions (
    kind TEXT NOT NULL CHECK (kind IN ('juz', 'hizb', 'rub', 'manzil', 'ruku', 'page')),
    scheme TEXT NOT NULL,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    number INTEGER NOT NULL CHECK (number > 0),
    first_ayah TEXT NOT NULL,
    PRIMARY KEY (kind, scheme, number)
) WITHOUT ROWID;

CREATE TABLE sajdas (
    number INTEGER PRIMARY KEY,
    ayah TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('recommended', 'obligatory')),
    scheme TEXT NOT NULL
);

-- The catalogue: spellings of the Quran, translations and tafsirs, whether or not their text is loaded.
CREATE TABLE editions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('quran', 'translation', 'tafsir')),
    name TEXT NOT NULL,
    name_native TEXT,
    author TEXT,
    language TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('ltr', 'rtl')),
    published_year INTEGER,
    licence TEXT NOT NULL,
    licence_url TEXT,
    redistributable TEXT NOT NULL CHECK (redistributable IN ('yes', 'no', 'unknown')),
    source TEXT NOT NULL,
    source_url TEXT,
    version TEXT,
    attribution TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each edition whose text is loaded: what was imported, and from where.
CREATE TABLE edition_contents (
    edition TEXT PRIMARY KEY REFERENCES editions (id) ON DELETE CASCADE,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    pinned INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    notice TEXT,
    loaded_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE ayah_texts (
    edition TEXT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    ayah INTEGER NOT NULL CHECK (ayah BETWEEN 1 AND 6236),
    text TEXT NOT NULL CHECK (text <> ''),
    PRIMARY KEY (edition, ayah)
) WITHOUT ROWID;

-- The basmala before ayah 1, in the spelling of a script and surah.
CREATE TABLE basmalas (
    edition TEXT NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    surah INTEGER NOT NULL CHECK (surah BETWEEN 1 AND 114),
    text TEXT NOT NULL CHECK (text <> ''),
    PRIMARY KEY (edition, surah)
) WITHOUT ROWID;

-- Recitations: patterns of audio URLs. `surahs` and `alternates` are JSON arrays; `surahs` is NULL when complete.
CREATE TABLE reciters (
    id TEXT PRIMARY KEY,
    name_english TEXT NOT NULL,
    name_arabic TEXT NOT NULL,
    style TEXT NOT NULL,
    riwayah TEXT NOT NULL,
    granularity TEXT NOT NULL CHECK (granularity IN ('ayah', 'surah')),
    provider TEXT NOT NULL,
    url_pattern TEXT NOT NULL,
    bitrate TEXT,
    alternates TEXT NOT NULL,
    surahs TEXT
) WITHOUT ROWID;

-- What has been seeded, by digest, so that nothing is seeded twice.
CREATE TABLE seeds (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    seeded_at TEXT NOT NULL
) WITHOUT ROWID;

-- `INSERT INTO content_bumps (tag)` raises the version of a tag; it is the one place that knows how.
CREATE VIEW content_bumps AS SELECT tag FROM content_versions;
CREATE TRIGGER content_bumps_insert INSTEAD OF INSERT ON content_bumps BEGIN
    INSERT INTO content_versions (tag, version, sequence)
    VALUES (NEW.tag, 1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM content_versions))
    ON CONFLICT (tag) DO UPDATE SET version = version + 1, sequence = excluded.sequence;
END;

CREATE TRIGGER surahs_insert AFTER INSERT ON surahs BEGIN
    INSERT INTO content_bumps (tag) VALUES ('surah:' || NEW.number), ('surahs');
END;
CREATE TRIGGER surahs_update AFTER UPDATE ON surahs BEGIN
    INSERT INTO content_bumps (tag) SELECT 'surah:' || OLD.number WHERE OLD.number <> NEW.number;
    INSERT INTO content_bumps (tag) VALUES ('surah:' || NEW.number), ('surahs');
END;
CREATE TRIGGER surahs_delete AFTER DELETE ON surahs BEGIN
    INSERT INTO content_bumps (tag) VALUES ('surah:' || OLD.number), ('surahs');
END;

CREATE TRIGGER divisions_insert AFTER INSERT ON divisions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;
CREATE TRIGGER divisions_update AFTER UPDATE ON divisions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;
CREATE TRIGGER divisions_delete AFTER DELETE ON divisions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;

CREATE TRIGGER sajdas_insert AFTER INSERT ON sajdas BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;
CREATE TRIGGER sajdas_update AFTER UPDATE ON sajdas BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;
CREATE TRIGGER sajdas_delete AFTER DELETE ON sajdas BEGIN
    INSERT INTO content_bumps (tag) VALUES ('structure');
END;

-- REPLACE removes a row without a DELETE trigger (unless recursive_triggers is on). The row that takes its place bumps the
-- same tags, but for an edition of another kind.
CREATE TRIGGER editions_replace BEFORE INSERT ON editions BEGIN
    INSERT INTO content_bumps (tag)
    SELECT kind || ':' || id FROM editions WHERE id = NEW.id AND kind <> NEW.kind;
END;
CREATE TRIGGER editions_update_replace BEFORE UPDATE OF id ON editions WHEN OLD.id <> NEW.id BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = NEW.id AND kind <> NEW.kind;
END;
CREATE TRIGGER editions_insert AFTER INSERT ON editions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions'), (NEW.kind || ':' || NEW.id);
END;
CREATE TRIGGER editions_update AFTER UPDATE ON editions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions'), (NEW.kind || ':' || NEW.id);
    INSERT INTO content_bumps (tag) SELECT OLD.kind || ':' || OLD.id WHERE OLD.kind <> NEW.kind OR OLD.id <> NEW.id;
END;
CREATE TRIGGER editions_delete AFTER DELETE ON editions BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions'), (OLD.kind || ':' || OLD.id);
END;

CREATE TRIGGER edition_contents_insert AFTER INSERT ON edition_contents BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions');
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = NEW.edition;
END;
CREATE TRIGGER edition_contents_update AFTER UPDATE ON edition_contents BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions');
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id IN (OLD.edition, NEW.edition);
END;
CREATE TRIGGER edition_contents_delete AFTER DELETE ON edition_contents BEGIN
    INSERT INTO content_bumps (tag) VALUES ('editions');
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = OLD.edition;
END;

CREATE TRIGGER ayah_texts_insert AFTER INSERT ON ayah_texts BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = NEW.edition;
END;
CREATE TRIGGER ayah_texts_update AFTER UPDATE ON ayah_texts BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id IN (OLD.edition, NEW.edition);
END;
CREATE TRIGGER ayah_texts_delete AFTER DELETE ON ayah_texts BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = OLD.edition;
END;

CREATE TRIGGER basmalas_insert AFTER INSERT ON basmalas BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = NEW.edition;
END;
CREATE TRIGGER basmalas_update AFTER UPDATE ON basmalas BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id IN (OLD.edition, NEW.edition);
END;
CREATE TRIGGER basmalas_delete AFTER DELETE ON basmalas BEGIN
    INSERT INTO content_bumps (tag) SELECT kind || ':' || id FROM editions WHERE id = OLD.edition;
END;

CREATE TRIGGER reciters_insert AFTER INSERT ON reciters BEGIN
    INSERT INTO content_bumps (tag) VALUES ('reciter:' || NEW.id), ('reciters');
END;
CREATE TRIGGER reciters_update AFTER UPDATE ON reciters BEGIN
    INSERT INTO content_bumps (tag) VALUES ('reciter:' || NEW.id), ('reciters');
    INSERT INTO content_bumps (tag) SELECT 'reciter:' || OLD.id WHERE OLD.id <> NEW.id;
END;
CREATE TRIGGER reciters_delete AFTER DELETE ON reciters BEGIN
    INSERT INTO content_bumps (tag) VALUES ('reciter:' || OLD.id), ('reciters');
END;
