/// Where in the program a call stands, for errors.
struct CallSite: Sendable {
    let file: String
    let line: Int
}
