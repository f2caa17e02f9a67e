// Yardstick: Hubble's lines through simdjson on-demand, folded to edges. `hubble LOG EDGES`
#include <simdjson.h>

#include "edges.h"

namespace ondemand = simdjson::ondemand;

struct End {
  uint64_t identity = 0;
  string_view space, workload, address;
};

struct Flow {
  string_view time, verdict, l7_type, direction, seen, reason, drop_reason, protocol;
  uint64_t source_port = 0, destination_port = 0, event = 0;
  bool has_flags = false, syn = false, ack = false, rst = false, says_reply = false, is_reply = false;
  End source, destination;
};

// A key as it is written: those that are looked for need no escapes.
static string_view key_of(ondemand::field& field) {
  const char* text = field.key().raw();
  const char* end = text;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  return {text, static_cast<size_t>(end - text)};
}

static void read_end(ondemand::object object, End& end) {
  for (ondemand::field field : object) {
    const string_view key = key_of(field);
    if (key == "identity") end.identity = field.value().get_uint64();
    else if (key == "namespace") end.space = field.value().get_string();
    else if (key == "workloads") {
      for (ondemand::object workload : field.value().get_array()) {
        if (end.workload.empty()) end.workload = workload["name"].get_string();
      }
    }
  }
}

static void read_layer4(ondemand::object object, Flow& flow) {
  for (ondemand::field layer : object) {
    flow.protocol = key_of(layer);
    for (ondemand::field field : layer.value().get_object()) {
      const string_view key = key_of(field);
      if (key == "source_port") flow.source_port = field.value().get_uint64();
      else if (key == "destination_port") flow.destination_port = field.value().get_uint64();
      else if (key == "flags") {
        flow.has_flags = true;
        for (ondemand::field flag : field.value().get_object()) {
          const string_view name = key_of(flag);
          if (name == "SYN") flow.syn = flag.value().get_bool();
          else if (name == "ACK") flow.ack = flag.value().get_bool();
          else if (name == "RST") flow.rst = flag.value().get_bool();
        }
      }
    }
  }
}

static void read_flow(ondemand::object object, Flow& flow) {
  for (ondemand::field field : object) {
    const string_view key = key_of(field);
    switch (key.size()) {
      case 2:
        if (key == "l4") read_layer4(field.value().get_object(), flow);
        else if (key == "IP") {
          for (ondemand::field address : field.value().get_object()) {
            const string_view name = key_of(address);
            if (name == "source") flow.source.address = address.value().get_string();
            else if (name == "destination") flow.destination.address = address.value().get_string();
          }
        } else if (key == "l7") flow.l7_type = field.value()["type"].get_string();
        break;
      case 4:
        if (key == "time") flow.time = field.value().get_string();
        break;
      case 6:
        if (key == "source") read_end(field.value().get_object(), flow.source);
        break;
      case 7:
        if (key == "verdict") flow.verdict = field.value().get_string();
        break;
      case 8:
        if (key == "is_reply") {
          flow.says_reply = true;
          flow.is_reply = field.value().get_bool();
        }
        break;
      case 10:
        if (key == "event_type") flow.event = field.value()["type"].get_uint64();
        break;
      case 11:
        if (key == "destination") read_end(field.value().get_object(), flow.destination);
        break;
      case 12:
        if (key == "trace_reason") flow.reason = field.value().get_string();
        break;
      case 16:
        if (key == "drop_reason_desc") flow.drop_reason = field.value().get_string();
        break;
      case 17:
        if (key == "traffic_direction") flow.direction = field.value().get_string();
        break;
      case 23:
        if (key == "trace_observation_point") flow.seen = field.value().get_string();
        break;
    }
  }
}

constexpr uint64_t kHost = 1, kHealth = 4, kRemoteNode = 6, kApiserver = 7;
constexpr uint64_t kDrop = 1, kPolicyVerdict = 5, kL7 = 129;
constexpr uint64_t kFirstEphemeralPort = 32768;

static void add_name(Key& key, const End& end) {
  if (!end.workload.empty()) key.add(end.space).add(end.workload, '/');
  else if (end.identity == kHost || end.identity == kRemoteNode) key.add("node");
  else key.add(end.identity == kApiserver ? "apiserver" : end.address);
}

static void add_flow(const Flow& flow, Edges& edges, Key& key) {
  const bool is_dropped = flow.verdict == "DROPPED", is_audited = flow.verdict == "AUDIT";
  if (!is_dropped && !is_audited && flow.verdict != "FORWARDED" && flow.verdict != "REDIRECTED") return;
  if (flow.source.identity == kHealth || flow.destination.identity == kHealth) return;
  const bool is_opening = flow.syn && !flow.ack, is_l7 = flow.event == kL7;
  if (!flow.says_reply && !is_opening && !is_dropped) return;
  const bool is_answer = flow.says_reply ? flow.is_reply : is_l7 && flow.l7_type == "RESPONSE";
  const bool from_service = flow.source_port > 0 && flow.source_port < kFirstEphemeralPort && flow.destination_port >= kFirstEphemeralPort;
  const bool is_lost = is_dropped && (is_answer || (from_service && !is_opening));
  const bool is_backwards = is_answer || is_lost;
  const End& client = is_backwards ? flow.destination : flow.source;
  const End& server = is_backwards ? flow.source : flow.destination;
  if (client.identity == kHost && (is_backwards || flow.seen != "TO_OVERLAY")) return;

  char point[32];
  size_t length = 0;
  if (is_l7 || flow.event == kPolicyVerdict || flow.event == kDrop) {
    const string_view name = is_l7 ? "l7" : flow.event == kDrop ? "drop" : "policy-verdict";
    memcpy(point, name.data(), length = name.size());
  } else {
    for (const char c : flow.seen.substr(0, sizeof point)) point[length++] = c == '_' ? '-' : c | 0x20;
  }
  const string_view seen(point, length);
  const bool watches_source = seen == "to-stack" || seen == "to-overlay" || seen == "from-endpoint", watches = watches_source || seen == "to-endpoint";
  bool at_destination = watches ? !watches_source : flow.direction != "EGRESS";
  if (is_backwards && (watches || (!flow.says_reply && !is_l7))) at_destination = !at_destination;

  Counter counter = kOpened;
  if (is_lost) counter = kLostAnswers;
  else if (is_dropped) counter = flow.drop_reason == "POLICY_DENIED" ? kDenied : kFailed;
  else if (is_answer) counter = flow.rst ? kRefused : kAnswered;
  else if (is_audited) counter = kAudited;
  else if (!is_l7 && flow.event != kPolicyVerdict && !is_opening && (flow.reason == "ESTABLISHED" || flow.has_flags)) counter = kOngoing;

  key.clear();
  add_name(key, client);
  add_name(key, server);
  key.add(flow.protocol == "ICMPv4" ? "ICMP" : flow.protocol).add(is_backwards ? flow.source_port : flow.destination_port);
  key.add(at_destination ? "destination" : "source").add(seen);
  edges.add(key, counter, milliseconds(flow.time));
}

int main(int count, char** arguments) {
  if (count != 3) return 2;
  Edges edges, nodes;
  Key key;
  ondemand::parser parser;
  each_line(arguments[1], [&](const char* line, size_t length, size_t room) {
    ondemand::document document = parser.iterate(line, length, room);
    Flow flow;
    bool is_flow = false;
    for (ondemand::field field : document.get_object()) {
      const string_view name = key_of(field);
      if (name == "flow") {
        is_flow = true;
        read_flow(field.value().get_object(), flow);
      } else if (name == "node_name") {
        nodes.at(string_view(field.value().get_string())).counts[kOpened]++;
      }
    }
    if (is_flow) add_flow(flow, edges, key);
  });
  FILE* out = fopen(arguments[2], "w");
  edges.write(out);
  nodes.write_nodes(out);
  return fclose(out);
}
