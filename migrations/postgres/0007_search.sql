-- The search index. Words are folded by the program, so triggers only note which texts it has to be made of anew; whoever
-- searches brings it up to date first. Nothing here is content: no version moves with it, and it can always be made again.

-- A row for each text: its words as everyday spelling writes them, and, if any is in Arabic letters, in the form that even
-- unmarked spellings share. Long texts have further rows, for their parts, which alone have positions then: a tsvector has too few.
--
-- `rowid` says what the row is, in bits from above: the number of the edition, 13 for the ayah, 4 for how long the text is, 12
-- for the part, 0 being the whole.
CREATE TABLE search_texts (
    rowid bigint PRIMARY KEY,
    folded tsvector NOT NULL,
    loose tsvector NOT NULL
);
CREATE INDEX search_texts_by_folded ON search_texts USING gin (folded);
CREATE INDEX search_texts_by_loose ON search_texts USING gin (loose);

CREATE TABLE search_editions (
    number integer PRIMARY KEY,
    edition text COLLATE "C" NOT NULL UNIQUE
);

-- Texts that changed since they were indexed, once for each change: writers never wait for whoever indexes.
CREATE TABLE search_pending (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edition text COLLATE "C" NOT NULL,
    ayah integer NOT NULL
);

-- Which version of the folding made the index; 0 for none, so that the program makes all of it.
CREATE TABLE search_index (
    version integer NOT NULL
);
INSERT INTO search_index (version) VALUES (0);

-- Its argument is a query for the texts that a statement changed.
CREATE FUNCTION search_texts_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'INSERT INTO search_pending (edition, ayah) ' || TG_ARGV[0];
    RETURN NULL;
END $$;

CREATE TRIGGER ayah_texts_insert_pending AFTER INSERT ON ayah_texts REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION search_texts_changed('SELECT edition, ayah FROM new_rows');
CREATE TRIGGER ayah_texts_update_pending AFTER UPDATE ON ayah_texts
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION search_texts_changed(
    'SELECT edition, ayah FROM old_rows UNION SELECT edition, ayah FROM new_rows');
CREATE TRIGGER ayah_texts_delete_pending AFTER DELETE ON ayah_texts REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION search_texts_changed('SELECT edition, ayah FROM old_rows');

-- TRUNCATE names no rows: the whole index is to be made again, of what is there then.
CREATE FUNCTION search_texts_truncated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE search_index SET version = 0;
    RETURN NULL;
END $$;

CREATE TRIGGER ayah_texts_truncate_pending AFTER TRUNCATE ON ayah_texts
FOR EACH STATEMENT EXECUTE FUNCTION search_texts_truncated();
