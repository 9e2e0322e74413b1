import Storage
import Testing

@Suite struct `A database URL` {
    @Test(
        arguments: [
            ("sqlite:var/quran.sqlite", "var/quran.sqlite"), ("sqlite:/var/lib/quran.sqlite", "/var/lib/quran.sqlite"),
            ("sqlite:///var/lib/quran.sqlite", "/var/lib/quran.sqlite"), ("sqlite:a b?c", "a b?c"),
        ])
    func `that starts with sqlite names a file`(url: String, path: String) throws {
        guard case .sqlite(let found) = try DatabaseURL(url) else {
            Issue.record("not SQLite")
            return
        }
        #expect(found == path)
    }

    @Test(arguments: ["postgres://host/db", "postgresql://user:p%40ss@host:5433/db?sslmode=verify-full", "postgres://"])
    func `that starts with postgres is passed on whole`(url: String) throws {
        guard case .postgres(let found) = try DatabaseURL(url) else {
            Issue.record("not PostgreSQL")
            return
        }
        #expect(found == url)
    }

    @Test(
        arguments: [
            "", "sqlite:", "sqlite://", "var/quran.sqlite", "mysql://u:secret@host/db", "Postgres://u:secret@host/db",
            "postgres:u:secret@host", " postgres://u:secret@host/db",
        ])
    func `of another kind is refused, without repeating it`(url: String) {
        let error = #expect(throws: StorageError.self) { try DatabaseURL(url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("DATABASE_URL ") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test(
        arguments: [
            (
                "postgres://quran:secret@db.example.org:5433/quran?sslmode=require",
                "postgres://db.example.org:5433/quran"
            ),
            ("postgresql://quran:secret@host/quran", "postgres://host/quran"),
            ("postgres://host/quran?password=secret", "postgres://host/quran"),
            ("postgres://quran:secret@[::1]:5432/quran", "postgres://[::1]:5432/quran"),
            ("sqlite:var/quran.sqlite", "sqlite:var/quran.sqlite"),
        ])
    func `is shown without its secrets`(url: String, shown: String) throws {
        #expect(try DatabaseURL(url).description == shown)
    }

    @Test(
        arguments: [
            "postgres://quran:secret@a:1,b:2/quran", "postgres://quran:secret@@host/quran",
            "postgres://quran:x@secret@host/quran", "postgres://quran:x/secret@host/quran",
            "postgres://quran:x@y/secret@host/quran", "postgres://quran:secret#1@host/quran",
            "postgres://quran:x#secret@host/quran", "postgres://quran:secret?x@host/quran",
            "postgres://quran:x?secret@host/quran", "postgres://quran:12?secret@host/quran",
            "postgres://host/quran?password=x@secret", "postgres://host/quran?password=x/secret",
            "postgres://quran:secret[@host/quran", "postgres://quran:%zzsecret@host/quran",
            "postgres://quran:secret host/quran", "postgres://quran:secret", "postgres://:secret@/quran",
            "postgres:///quran?host=/run&password=secret", "postgres://quran:x secret@host/quran",
        ])
    func `never shows its password, however it is misspelt`(url: String) throws {
        let database = try DatabaseURL(url)
        #expect(!database.description.contains("secret"))
        #expect(!"\(database)".contains("secret"))
        #expect(!String(reflecting: database).contains("secret"))
        #expect(!String(describing: Optional(database)).contains("secret"))
    }
}
