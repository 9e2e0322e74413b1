-- The content of the Quran and, for every tag that something cached may carry, a version that moves with it.
--
-- Statement-level triggers bump the versions in the transaction of the change, whoever makes it, once a statement.
-- `xid` is the transaction that bumped last: a poller that asks for `xid >= pg_snapshot_xmin(...)` of its previous poll
-- misses no transaction that commits late.

CREATE TABLE content_versions (
    tag text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    xid xid8 NOT NULL
);
CREATE INDEX content_versions_by_xid ON content_versions (xid);
-- What tells this store from any other: every cached answer carries it, so that stores which share a cache by mistake do
-- not take each other's answers for their own.
INSERT INTO content_versions (tag, version, xid) VALUES ('store:' || gen_random_uuid(), 1, pg_current_xact_id());

CREATE TABLE surahs (
    number integer PRIMARY KEY CHECK (number BETWEEN 1 AND 114),
    name_arabic text NOT NULL,
    name_transliterated text NOT NULL,
    name_english text NOT NULL,
    revelation_place text NOT NULL CHECK (revelation_place IN ('meccan', 'medinan')),
    revelation_order integer NOT NULL,
    ayah_count integer NOT NULL CHECK (ayah_count > 0),
    has_basmala integer NOT NULL CHECK (has_basmala IN (0, 1))
);

-- Where each juz, hizb, rub, manzil, ruku and page starts, by scheme.
CREATE TABLE divisions (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('juz', 'hizb', 'rub', 'manzil', 'ruku', 'page')),
    scheme text COLLATE "C" NOT NULL,
    is_default integer NOT NULL CHECK (is_default IN (0, 1)),
    number integer NOT NULL CHECK (number > 0),
    first_ayah text NOT NULL,
    PRIMARY KEY (kind, scheme, number)
);

CREATE TABLE sajdas (
    number integer PRIMARY KEY,
    ayah text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('recommended', 'obligatory')),
    scheme text NOT NULL
);

-- The catalogue: spellings of the Quran, translations and tafsirs, whether or not their text is loaded.
CREATE TABLE editions (
    id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('quran', 'translation', 'tafsir')),
    name text NOT NULL,
    name_native text,
    author text,
    language text COLLATE "C" NOT NULL,
    direction text NOT NULL CHECK (direction IN ('ltr', 'rtl')),
    published_year integer,
    licence text NOT NULL,
    licence_url text,
    redistributable text NOT NULL CHECK (redistributable IN ('yes', 'no', 'unknown')),
    source text NOT NULL,
    source_url text,
    version text,
    attribution text NOT NULL
);

-- One row for each edition whose text is loaded: what was imported, and from where.
CREATE TABLE edition_contents (
    edition text COLLATE "C" PRIMARY KEY REFERENCES editions (id) ON DELETE CASCADE,
    file text NOT NULL,
    sha256 text NOT NULL,
    pinned integer NOT NULL CHECK (pinned IN (0, 1)),
    notice text,
    loaded_at text NOT NULL
);

CREATE TABLE ayah_texts (
    edition text COLLATE "C" NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    ayah integer NOT NULL CHECK (ayah BETWEEN 1 AND 6236),
    text text NOT NULL CHECK (text <> ''),
    PRIMARY KEY (edition, ayah)
);
-- Texts of several kB are read half again as fast when they are not compressed.
ALTER TABLE ayah_texts ALTER COLUMN text SET STORAGE EXTERNAL;

-- The basmala before ayah 1, in the spelling of a script and surah.
CREATE TABLE basmalas (
    edition text COLLATE "C" NOT NULL REFERENCES editions (id) ON DELETE CASCADE,
    surah integer NOT NULL CHECK (surah BETWEEN 1 AND 114),
    text text NOT NULL CHECK (text <> ''),
    PRIMARY KEY (edition, surah)
);

-- Recitations: patterns of audio URLs. `surahs` and `alternates` are JSON arrays; `surahs` is NULL when complete.
CREATE TABLE reciters (
    id text COLLATE "C" PRIMARY KEY,
    name_english text NOT NULL,
    name_arabic text NOT NULL,
    style text NOT NULL,
    riwayah text NOT NULL,
    granularity text NOT NULL CHECK (granularity IN ('ayah', 'surah')),
    provider text NOT NULL,
    url_pattern text NOT NULL,
    bitrate text,
    alternates text NOT NULL,
    surahs text
);

-- What has been seeded, by digest, so that nothing is seeded twice.
CREATE TABLE seeds (
    name text COLLATE "C" PRIMARY KEY,
    sha256 text NOT NULL,
    seeded_at text NOT NULL
);

-- Raises the versions of some tags; it is the one place that knows how. Sorted, so that two statements that share
-- tags cannot lock each other out.
CREATE FUNCTION bump_content_versions(tags text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO content_versions AS current (tag, version, xid)
    SELECT DISTINCT tag COLLATE "C" AS tag, 1, pg_current_xact_id() FROM unnest(tags) AS tag ORDER BY 1
    ON CONFLICT (tag) DO UPDATE SET version = current.version + 1, xid = excluded.xid
$$;

-- The trigger function of every table. Its argument is a query for the tags of the rows `changed` by the statement, old
-- and new ones together, so that an UPDATE bumps a tag once, too, and all its tags in one sorted go.
CREATE FUNCTION content_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'TABLE new_rows'
        WHEN 'DELETE' THEN 'TABLE old_rows'
        ELSE 'TABLE old_rows UNION ALL TABLE new_rows'
    END;
BEGIN
    EXECUTE format(
        'WITH changed AS (%s), tags (tag) AS (%s)
        SELECT bump_content_versions(array_agg(tag)) FROM tags HAVING count(*) > 0', changed, TG_ARGV[0]);
    RETURN NULL;
END $$;

-- TRUNCATE names no rows, so it bumps every tag of the table's kind; each row that was ever there has one.
CREATE FUNCTION content_truncated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM bump_content_versions(array_agg(tag)) FROM content_versions
    WHERE tag ~ TG_ARGV[0] HAVING count(*) > 0;
    RETURN NULL;
END $$;

DO $$
DECLARE
    watched record;
BEGIN
    FOR watched IN SELECT * FROM (VALUES
        ('surahs', 'SELECT ''surah:'' || number FROM changed UNION SELECT ''surahs'' FROM changed',
            '^(surahs$|surah:)'),
        ('divisions', 'SELECT ''structure'' FROM changed', '^structure$'),
        ('sajdas', 'SELECT ''structure'' FROM changed', '^structure$'),
        ('editions', 'SELECT kind || '':'' || id FROM changed UNION SELECT ''editions'' FROM changed',
            '^(editions$|quran:|translation:|tafsir:)'),
        ('edition_contents', 'SELECT kind || '':'' || id FROM editions WHERE id IN (SELECT edition FROM changed)
            UNION SELECT ''editions'' FROM changed', '^(editions$|quran:|translation:|tafsir:)'),
        ('ayah_texts', 'SELECT kind || '':'' || id FROM editions WHERE id IN (SELECT edition FROM changed)',
            '^(quran:|translation:|tafsir:)'),
        ('basmalas', 'SELECT kind || '':'' || id FROM editions WHERE id IN (SELECT edition FROM changed)',
            '^(quran:|translation:|tafsir:)'),
        ('reciters', 'SELECT ''reciter:'' || id FROM changed UNION SELECT ''reciters'' FROM changed',
            '^(reciters$|reciter:)')
    ) AS t (name, tags, all_tags) LOOP
        EXECUTE format('CREATE TRIGGER %1$s_insert AFTER INSERT ON %1$I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION content_changed(%2$L)', watched.name, watched.tags);
        EXECUTE format('CREATE TRIGGER %1$s_update AFTER UPDATE ON %1$I
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION content_changed(%2$L)', watched.name, watched.tags);
        EXECUTE format('CREATE TRIGGER %1$s_delete AFTER DELETE ON %1$I REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION content_changed(%2$L)', watched.name, watched.tags);
        EXECUTE format('CREATE TRIGGER %1$s_truncate AFTER TRUNCATE ON %1$I
            FOR EACH STATEMENT EXECUTE FUNCTION content_truncated(%2$L)', watched.name, watched.all_tags);
    END LOOP;
END $$;
