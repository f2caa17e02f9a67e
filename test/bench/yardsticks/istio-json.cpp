// Yardstick: Istio's JSON lines through simdjson on-demand, folded to edges. `istio-json LOG EDGES ADDRESSES`
#include <simdjson.h>

#include "istio.h"

namespace ondemand = simdjson::ondemand;

// Empty for null.
static string_view text(ondemand::value value) {
  string_view found;
  return value.get_string().get(found) == simdjson::SUCCESS ? found : string_view();
}

static void read_value(string_view key, ondemand::value value, Request& line) {
  if (key == "bytes_received") line.received = value.get_int64();
  else if (key == "bytes_sent") line.sent = value.get_int64();
  else if (key == "connection_termination_details") line.termination = text(value);
  else if (key == "downstream_local_address") line.local = text(value);
  else if (key == "downstream_remote_address") line.remote = text(value);
  else if (key == "method") line.method = text(value);
  else if (key == "response_code") line.code = value.get_int64();
  else if (key == "response_code_details") line.details = text(value);
  else if (key == "response_flags") line.flags = text(value);
  else if (key == "start_time") line.time = text(value);
  else if (key == "upstream_cluster") line.cluster = text(value);
  else if (key == "upstream_host") line.host = text(value);
  else if (key == "upstream_local_address") line.own = text(value);
  else if (key == "upstream_transport_failure_reason") line.failure = text(value);
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  Requests requests(arguments[3]);
  ondemand::parser parser;
  each_line(arguments[1], [&](const char* line, size_t length, size_t room) {
    // The proxy's own lines are no JSON.
    if (length == 0 || line[0] != '{') return;
    ondemand::document document = parser.iterate(line, length, room);
    Request request;
    for (ondemand::field field : document.get_object()) {
      const char* key = field.key().raw();
      const char* end = key;
      while (*end != '"') end += *end == '\\' ? 2 : 1;
      read_value(string_view(key, end - key), field.value(), request);
    }
    requests.add(request);
  });
  requests.write(arguments[2]);
}
