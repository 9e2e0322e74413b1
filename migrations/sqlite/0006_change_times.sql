-- When what a tag names changed last, in seconds since 1970: what answers say as `Last-Modified`.

ALTER TABLE content_versions ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
UPDATE content_versions SET changed_at = unixepoch();

DROP TRIGGER content_bumps_insert;
CREATE TRIGGER content_bumps_insert INSTEAD OF INSERT ON content_bumps BEGIN
    INSERT INTO content_versions (tag, version, sequence, changed_at)
    VALUES (NEW.tag, 1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM content_versions), unixepoch())
    ON CONFLICT (tag) DO UPDATE SET
        version = version + 1, sequence = excluded.sequence, changed_at = max(changed_at, excluded.changed_at);
END;
