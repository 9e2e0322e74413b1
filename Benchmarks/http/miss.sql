-- What one load of surah 2 with two translations asks PostgreSQL, in its order. Tags are variables, as a colon in a literal is
-- one to pgbench.
\set first 8
\set last 293
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT number, name_arabic, name_transliterated, name_english, revelation_place, revelation_order, ayah_count, has_basmala FROM surahs WHERE number = 2;
SELECT id, kind, name, name_native, author, language, direction, published_year, licence, licence_url, redistributable, source, source_url, version, attribution, status, pin, file, sha256, pinned, notice, loaded_at FROM editions LEFT JOIN edition_contents ON edition = id WHERE id = 'uthmani' AND kind = 'quran' AND status IN ('published');
SELECT ayah, text FROM ayah_texts WHERE edition = 'uthmani' AND ayah BETWEEN :first AND :last;
SELECT id, kind, name, name_native, author, language, direction, published_year, licence, licence_url, redistributable, source, source_url, version, attribution, status, pin, file, sha256, pinned, notice, loaded_at FROM editions LEFT JOIN edition_contents ON edition = id WHERE id = 'en.pickthall' AND kind = 'translation' AND status IN ('published');
SELECT ayah, text FROM ayah_texts WHERE edition = 'en.pickthall' AND ayah BETWEEN :first AND :last;
SELECT id, kind, name, name_native, author, language, direction, published_year, licence, licence_url, redistributable, source, source_url, version, attribution, status, pin, file, sha256, pinned, notice, loaded_at FROM editions LEFT JOIN edition_contents ON edition = id WHERE id = 'ur.jalandhry' AND kind = 'translation' AND status IN ('published');
SELECT ayah, text FROM ayah_texts WHERE edition = 'ur.jalandhry' AND ayah BETWEEN :first AND :last;
SELECT surah, text FROM basmalas WHERE edition = 'uthmani' AND surah BETWEEN 2 AND 2;
SELECT here.position, tag, version FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS position, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ceiling, extract(epoch FROM pg_postmaster_start_time())::text AS history) AS here LEFT JOIN content_versions ON tag IN ('all', :namespace, :script, 'structure', :surah, :english, :urdu) OR tag >= 'store:' AND tag < 'store;';
COMMIT;
