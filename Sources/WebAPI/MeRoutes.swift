import Authentication
import ContentService
import HTTPTypes
import Hummingbird
import JSON

/// What belongs to the user who asks.
struct MeRoutes {
    func add(to me: some RouterMethods<UserRequestContext>) {
        me.getOnly("") { request, context in
            _ = try Query(request, allowed: [])
            let user = try context.requireUser()
            var json = JSONWriter()
            json.object { json in
                json.key("user")
                json.object { json in
                    json.member("id", user.id.value)
                    json.member("hash", user.id.hash)
                    json.member("role", user.role.rawValue)
                }
            }
            return Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "private, no-store"],
                body: ResponseBody(byteBuffer: json.buffer))
        }
    }
}
