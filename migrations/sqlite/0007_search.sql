-- The search index. Words are folded by the program, so triggers only note which texts it has to be made of anew; whoever
-- searches brings it up to date first. Nothing here is content: no version moves with it, and it can always be made again.

-- A row for each text: its words as everyday spelling writes them, and, if any is in Arabic letters, in the form that even
-- unmarked spellings share. Long texts have further rows, for their parts.
--
-- `rowid` says what the row is, in bits from above: the number of the edition, 13 for the ayah, 4 for how long the text is, 12
-- for the part, 0 being the whole. The tokenizer splits at whatever of ASCII is no letter or digit, and so between words only.
CREATE VIRTUAL TABLE search_texts USING fts5 (
    folded, loose, tokenize = 'ascii', columnsize = 0
);

CREATE TABLE search_editions (
    number INTEGER PRIMARY KEY,
    edition TEXT NOT NULL UNIQUE
);

-- Texts that changed since they were indexed, once for each change.
CREATE TABLE search_pending (
    number INTEGER PRIMARY KEY,
    edition TEXT NOT NULL,
    ayah INTEGER NOT NULL
);

-- Which version of the folding made the index; 0 for none, so that the program makes all of it.
CREATE TABLE search_index (
    version INTEGER NOT NULL
);
INSERT INTO search_index (version) VALUES (0);

CREATE TRIGGER ayah_texts_insert_pending AFTER INSERT ON ayah_texts BEGIN
    INSERT INTO search_pending (edition, ayah) VALUES (NEW.edition, NEW.ayah);
END;
CREATE TRIGGER ayah_texts_update_pending AFTER UPDATE ON ayah_texts BEGIN
    INSERT INTO search_pending (edition, ayah) VALUES (NEW.edition, NEW.ayah);
    INSERT INTO search_pending (edition, ayah)
    SELECT OLD.edition, OLD.ayah WHERE OLD.edition <> NEW.edition OR OLD.ayah <> NEW.ayah;
END;
CREATE TRIGGER ayah_texts_delete_pending AFTER DELETE ON ayah_texts BEGIN
    INSERT INTO search_pending (edition, ayah) VALUES (OLD.edition, OLD.ayah);
END;
