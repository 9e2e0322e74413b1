-- When what a tag names changed last, in seconds since 1970: what answers say as `Last-Modified`.

ALTER TABLE content_versions ADD COLUMN changed_at bigint NOT NULL DEFAULT 0;
UPDATE content_versions SET changed_at = floor(extract(epoch FROM clock_timestamp()))::bigint;

CREATE OR REPLACE FUNCTION bump_content_versions(tags text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO content_versions AS current (tag, version, xid, changed_at)
    SELECT DISTINCT tag COLLATE "C" AS tag, 1, pg_current_xact_id(), floor(extract(epoch FROM statement_timestamp()))::bigint
    FROM unnest(tags) AS tag ORDER BY 1
    -- The clock is read again, once the row is locked: whoever waited for it changes the thing later.
    ON CONFLICT (tag) DO UPDATE SET version = current.version + 1, xid = excluded.xid,
        changed_at = greatest(current.changed_at, floor(extract(epoch FROM clock_timestamp()))::bigint)
$$;
