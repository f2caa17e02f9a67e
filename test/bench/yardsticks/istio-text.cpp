// Yardstick: Istio's lines of text, cut at their spaces and quotes, folded to edges. `istio-text LOG EDGES ADDRESSES`
#include "istio.h"

constexpr size_t kValues = 22;

// Values between spaces; what begins with a quote goes to the next one. False for the proxy's own lines.
static bool cut(string_view line, string_view (&values)[kValues]) {
  const char* at = line.data();
  const char* const end = at + line.size();
  for (size_t n = 0; n < kValues; n++) {
    const bool is_quoted = at < end && *at == '"';
    if (is_quoted) at++;
    const void* found = at < end ? memchr(at, is_quoted ? '"' : ' ', end - at) : nullptr;
    const char* stop = found == nullptr ? end : static_cast<const char*>(found);
    if (found == nullptr && (is_quoted || n + 1 < kValues)) return false;
    values[n] = {at, static_cast<size_t>(stop - at)};
    if (values[n] == "-") values[n] = {};
    at = stop + (is_quoted ? 2 : 1);
  }
  return at > end;
}

static int64_t number(string_view text) {
  int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  Requests requests(arguments[3]);
  each_line(arguments[1], [&](const char* line, size_t length, size_t) {
    string_view values[kValues];
    if (length == 0 || line[0] != '[' || !cut({line, length}, values)) return;
    Request request;
    request.time = values[0].substr(1);
    request.method = values[1].substr(0, values[1].find(' '));
    if (request.method == "-") request.method = {};
    request.code = number(values[2]);
    request.flags = values[3];
    request.details = values[4];
    request.termination = values[5];
    request.failure = values[6];
    request.received = number(values[7]);
    request.sent = number(values[8]);
    request.host = values[15];
    request.cluster = values[16];
    request.own = values[17];
    request.local = values[18];
    request.remote = values[19];
    requests.add(request);
  });
  requests.write(arguments[2]);
}
