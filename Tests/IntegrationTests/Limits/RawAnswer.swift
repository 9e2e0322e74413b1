import Foundation
import TestSupport

/// The answers that came over a connection, as the bytes have them.
struct RawAnswer {
    let status: Int
    /// By names in lower case.
    let headers: [String: String]
    let body: Data

    var kind: String? {
        do {
            let json = try JSONSerialization.jsonObject(with: body) as? [String: Any]
            return (json?["type"] as? String)?.split(separator: ":").last.map(String.init)
        } catch {
            return nil
        }
    }

    /// Reads answers whose length is told.
    ///
    /// - Returns: those that are whole.
    static func all(in data: Data) -> [RawAnswer] {
        let bytes = Array(data)
        var start = 0
        var answers: [RawAnswer] = []
        while let end = endOfHead(in: bytes, from: start) {
            let lines = String(decoding: bytes[start..<end], as: UTF8.self).components(separatedBy: "\r\n")
            let words = lines[0].split(separator: " ")
            guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { break }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let (name, value) = (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
                headers[name] = headers[name].map { "\($0), \(value)" } ?? value
            }
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            let body = end + 4
            guard length <= bytes.count - body else { break }
            start = body + length
            answers.append(RawAnswer(status: status, headers: headers, body: Data(bytes[body..<start])))
        }
        return answers
    }

    /// Where the empty line is that ends the head which starts at `start`.
    private static func endOfHead(in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= 4 else { return nil }
        return (start...bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
    }
}

extension TestServer {
    /// What Prometheus would read on the port that is for it alone.
    func metrics(at port: String?) async throws -> String {
        let metrics = TestServer(program: program, base: "http://127.0.0.1:\(port ?? "")")
        return String(decoding: try await metrics.send(.get, "metrics", root: "/").body, as: UTF8.self)
    }

    var port: Int {
        get throws {
            guard let port = URLComponents(string: base)?.port else { throw TestFailure("no port in \(base)") }
            return port
        }
    }

    /// Sends bytes over a connection of their own, and reads what is answered until the server closes it.
    func answers(to text: String, from source: String? = nil) async throws -> [RawAnswer] {
        let socket = try Socket(port: port, from: source)
        do {
            try await socket.send(text)
        } catch is TestFailure {
            // The server may close before it has read everything.
        }
        return RawAnswer.all(in: await socket.receiveToEnd())
    }

    /// Whether somebody else is served.
    func isWell() async throws -> Bool { try await get("surahs/1").status == 200 }
}
