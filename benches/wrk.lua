-- Prints the totals of a run as one line of JSON.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"microseconds": %d, "requests": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.duration,
    summary.requests,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50),
    latency:percentile(99)
  ))
end
