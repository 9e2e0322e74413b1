-- What wrk sends, and one line of JSON of what came of it.
--   BENCH_PATHS    a file with a path a line, asked for in turn
--   BENCH_HEADERS  a file with `name: value` a line
local paths, headers = {}, {}
for line in io.lines(os.getenv("BENCH_PATHS")) do paths[#paths + 1] = line end
for line in io.lines(os.getenv("BENCH_HEADERS")) do
   local name, value = line:match("^([^:]+): (.*)$")
   headers[name] = value
end
wrk.headers = headers

if #paths == 1 then
   wrk.path = paths[1] -- Without a function wrk sends the same bytes again and calls no Lua.
else
   local requests, at = {}, 0
   function init()
      for index, path in ipairs(paths) do requests[index] = wrk.format("GET", path) end
   end
   function request()
      at = at % #requests + 1
      return requests[at]
   end
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"seconds": %f, "requests": %d, "bytes": %d, "p50": %f, "p99": %f, '
      .. '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}\n',
      summary.duration / 1e6, summary.requests, summary.bytes, latency:percentile(50), latency:percentile(99),
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
