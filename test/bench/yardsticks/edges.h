// What the yardsticks in C++ share: the lines of a file, and the edges that they add up. Written as `edges.mjs` writes them.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using std::string_view;

// Calls `take(line, length, room)` for each line, without its line feed; so many bytes from there on may be read. No line is longer than a block.
template <typename Take>
void each_line(const char* path, Take take) {
  constexpr size_t kBlock = 1 << 20;
  constexpr size_t kPadding = 64;
  std::vector<char> memory(2 * kBlock + kPadding);
  char* block = memory.data();
  size_t kept = 0;
  const int file = open(path, O_RDONLY);
  if (file < 0) {
    perror(path);
    exit(1);
  }
  for (;;) {
    const ssize_t got = read(file, block + kept, kBlock);
    const size_t size = kept + (got > 0 ? got : 0);
    size_t start = 0;
    while (const char* end = static_cast<const char*>(memchr(block + start, '\n', size - start))) {
      const size_t length = end - block - start;
      take(block + start, length, memory.size() - start);
      start += length + 1;
    }
    if (got <= 0) {
      if (start < size) take(block + start, size - start, memory.size() - start);
      break;
    }
    kept = size - start;
    memmove(block, block + start, kept);
  }
  close(file);
}

// Milliseconds since 1970 of `2026-03-26T02:00:00.123456789Z`. The day is remembered: records of one log mostly share it.
inline int64_t milliseconds(string_view text) {
  static char known[10];
  static int64_t day;
  const auto two = [&](int at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (memcmp(known, text.data(), sizeof known) != 0) {
    memcpy(known, text.data(), sizeof known);
    // Days of the civil calendar, whose years begin in March.
    const int month = two(5), year = two(0) * 100 + two(2) - (month <= 2);
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + two(8) - 1;
    day = 365LL * year + year / 4 - year / 100 + year / 400 + of_year - 719468;
  }
  int64_t time = ((day * 24 + two(11)) * 60 + two(14)) * 60 + two(17);
  int scale = 1000, fraction = 0;
  if (text[19] == '.') {
    for (size_t i = 20; i < text.size() && text[i] >= '0' && text[i] <= '9' && scale > 1; i++) fraction += (text[i] - '0') * (scale /= 10);
  }
  return time * 1000 + fraction;
}

enum Counter { kOpened, kOngoing, kAnswered, kRefused, kDenied, kAudited, kFailed, kLostAnswers, kCounters };

struct Edge {
  std::string key;
  uint64_t hash = 0;
  int64_t counts[kCounters] = {};
  int64_t bytes_out = 0, bytes_in = 0, first = INT64_MAX, last = INT64_MIN, first_answered = INT64_MAX;
};

// An open-addressing table; a hash finds, the bytes decide.
class Edges {
 public:
  Edges() : slots_(1 << 12) {}

  Edge& at(string_view key) {
    const uint64_t hash = hash_of(key);
    size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      Edge& edge = edges_[slots_[slot] - 1];
      if (edge.hash == hash && edge.key == key) return edge;
    }
    edges_.emplace_back();
    edges_.back().key = key;
    edges_.back().hash = hash;
    slots_[slot] = edges_.size();
    if (edges_.size() * 2 > slots_.size()) grow();
    return edges_.back();
  }

  // A request may be opened and answered in one.
  void add(string_view key, Counter counter, int64_t time, int64_t bytes_out = 0, int64_t bytes_in = 0, Counter also = kCounters) {
    Edge& edge = at(key);
    edge.counts[counter]++;
    // That an answer was lost is no sign of life.
    if (counter == kLostAnswers) return;
    if (also != kCounters) edge.counts[also]++;
    edge.bytes_out += bytes_out;
    edge.bytes_in += bytes_in;
    if (time < edge.first) edge.first = time;
    if (time > edge.last) edge.last = time;
    if ((counter == kAnswered || also == kAnswered) && time < edge.first_answered) edge.first_answered = time;
  }

  void write(FILE* out) const {
    for (const Edge& edge : edges_) {
      fputs(edge.key.c_str(), out);
      for (const int64_t count : edge.counts) fprintf(out, "\t%ld", count);
      fprintf(out, "\t%ld\t%ld", edge.bytes_out, edge.bytes_in);
      const bool lived = edge.last != INT64_MIN;
      for (const auto& [known, time] : {std::pair{lived, edge.first}, {lived, edge.last}, {edge.first_answered != INT64_MAX, edge.first_answered}}) {
        known ? fprintf(out, "\t%ld", time) : fputc('\t', out);
      }
      fputc('\n', out);
    }
  }

  void write_nodes(FILE* out) const {
    for (const Edge& node : edges_) fprintf(out, "node %s\t%ld\n", node.key.c_str(), node.counts[kOpened]);
  }

 private:
  static uint64_t hash_of(string_view key) {
    uint64_t hash = key.size();
    const char* at = key.data();
    size_t left = key.size();
    for (; left >= 8; at += 8, left -= 8) mix(hash, at, 8);
    mix(hash, at, left);
    return hash;
  }

  static void mix(uint64_t& hash, const char* at, size_t size) {
    uint64_t word = 0;
    memcpy(&word, at, size);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
  }

  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (size_t i = 0; i < edges_.size(); i++) {
      size_t slot = edges_[i].hash & (slots_.size() - 1);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = i + 1;
    }
  }

  std::vector<Edge> edges_;
  std::vector<uint32_t> slots_;
};

// Texts behind each other, tabs between; its memory is used again.
class Key {
 public:
  void clear() { text_.clear(); }
  Key& add(string_view text, char before = '\t') {
    if (!text_.empty()) text_ += before;
    text_ += text;
    return *this;
  }
  Key& add(uint64_t number) { return add(std::to_string(number)); }
  operator string_view() const { return text_; }

 private:
  std::string text_;
};
