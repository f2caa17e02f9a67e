// What a line of Istio's access log means, for yardsticks in C++ that have read its values. `-` and null are empty.
#pragma once
#include <deque>
#include <unordered_map>

#include "edges.h"

struct Request {
  string_view time, method, flags, details, termination, failure, host, cluster, own, local, remote;
  int64_t code = 0, received = 0, sent = 0;
};

class Requests {
 public:
  // `addresses`: lines of `address,namespace/workload`.
  explicit Requests(const char* addresses) {
    each_line(addresses, [&](const char* line, size_t length, size_t) {
      texts_.emplace_back(line, length);
      const string_view text = texts_.back();
      const size_t comma = text.find(',');
      names_.emplace(text.substr(0, comma), text.substr(comma + 1));
    });
  }

  // Adds a line's edges: of a server's proxy one, of a client's one, of a gateway's both its sides.
  void add(const Request& line) {
    const int64_t time = milliseconds(line.time);
    if (starts(line.cluster, "inbound|")) return add(line, time, line.remote, line.local, "destination\tinbound", outcome(line));
    const bool is_gateway = !line.own.empty() && address(line.own) == address(line.local) && address(line.remote) != address(line.local);
    if (is_gateway) add(line, time, line.remote, line.local, "destination\tgateway", {kOpened, kAnswered});
    if (line.host.empty()) return;
    const bool is_captured = address(line.local) == address(line.host) || port_of_cluster(line.cluster) == port(line.local);
    const string_view client = line.own.empty() && is_captured ? line.remote : line.own;
    if (!client.empty()) add(line, time, client, line.host, "source\toutbound", outcome(line));
  }

  void write(const char* path) const {
    FILE* out = fopen(path, "w");
    edges_.write(out);
    fclose(out);
  }

 private:
  struct Outcome {
    Counter counter, also;
  };

  static bool starts(string_view text, string_view with) { return text.substr(0, with.size()) == with; }
  static string_view address(string_view text) { return text.substr(0, text.find(':')); }
  static string_view port(string_view text) { return text.substr(text.find(':') + 1); }
  static string_view port_of_cluster(string_view cluster) {
    if (!starts(cluster, "outbound|")) return "none";
    const string_view rest = cluster.substr(9);
    return rest.substr(0, rest.find('|'));
  }

  static Outcome outcome(const Request& line) {
    const Outcome refused{kOpened, kRefused}, unanswered{kFailed, kCounters};
    if (starts(line.details, "rbac_access_denied") || starts(line.termination, "rbac_access_denied")) return {kDenied, kCounters};
    if (line.flags == "UF,URX") {
      const auto mention = [&](string_view word) { return line.failure.find(word) != word.npos || line.details.find(word) != word.npos || line.termination.find(word) != word.npos; };
      return mention("_111") || mention("refused") || !mention("timeout") ? refused : unanswered;
    }
    if (line.flags == "UH" || line.flags == "NR" || line.host.empty()) return unanswered;
    if ((line.method.empty() && line.code == 0) || (line.code > 0 && starts(line.details, "via_upstream"))) return {kOpened, kAnswered};
    return line.flags == "UC" ? refused : unanswered;
  }

  string_view name(string_view address) const {
    const auto found = names_.find(address);
    return found == names_.end() ? address : found->second;
  }

  void add(const Request& line, int64_t time, string_view source, string_view destination, string_view witness, Outcome outcome) {
    key_.clear();
    key_.add(name(address(source))).add(name(address(destination))).add("TCP").add(port(destination)).add(witness);
    edges_.add(key_, outcome.counter, time, line.received, line.sent, outcome.also);
  }

  // Never moved: names are parts of them.
  std::deque<std::string> texts_;
  std::unordered_map<string_view, string_view> names_;
  Edges edges_;
  Key key_;
};
