// A watch's bytes, in chunks of any size. The first byte says how large they are; lines that begin
// with '!' are no bytes of the stream but what else happens: !end, !gone, !broken, !list BODY. A
// backslash before them takes the end of the last line away.
#include <algorithm>

#include "tests/fuzz/script.hpp"

namespace slipway::fuzz {
namespace {

constexpr ResourceType kPodType{"", "v1", "Pod", "pods"};
constexpr std::size_t kMaxLine = 300;

/// A machine that takes each stretch of bytes in chunks; all in one when the size is 0.
class Driver {
 public:
  explicit Driver(std::size_t chunk)
      : chunk_(chunk),
        machine_({kPodType, "", "a=b", 100, std::chrono::seconds(30), kMaxLine}, sink_) {
    List(R"({"metadata":{"resourceVersion":"10"},"items":[]})");
  }

  void Bytes(std::string_view bytes) {
    if (machine_.Next().action != WatchMachine::Action::kWatch) return;
    const auto unreadable = machine_.counters().unreadable_lines;
    while (!bytes.empty()) {
      const std::size_t size = chunk_ == 0 ? bytes.size() : std::min(chunk_, bytes.size());
      machine_.OnChunk(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    lost_ = lost_ || machine_.counters().unreadable_lines > unreadable;
    if (lost_) Unmoved();
  }

  void Happens(std::string_view what) {
    if (what.starts_with("!list ")) return List(what.substr(6));
    if (machine_.Next().action != WatchMachine::Action::kWatch) return;
    const bool lost = std::exchange(lost_, false);
    if (what == "!gone") {
      machine_.OnWatchEnd(Fail(Code::kGone, "m"), std::chrono::seconds(9));
      Require(Lists(), "after a 410 a list is asked for");
    } else if (what == "!broken") {
      machine_.OnWatchEnd(Fail(Code::kUnavailable, "m"), std::chrono::seconds(9));
      Require(machine_.Next().backoff_step > 0 || lost, "a broken watch is no tight loop");
    } else {
      machine_.OnWatchEnd({}, std::chrono::milliseconds(what == "!end" ? 30'000 : 5));
    }
    if (!lost) return;
    Require(Lists(), "after an unreadable line a list is asked for");
    Require(machine_.Next().backoff_step > 0, "an unreadable line is no tight loop");
  }

  void List(std::string_view body) {
    if (!Lists()) return;
    machine_.OnListPage(std::string(body));
  }

  const CheckingSink& Sink() const { return sink_; }
  const WatchMachine& Machine() const { return machine_; }

 private:
  bool Lists() const { return machine_.Next().action == WatchMachine::Action::kList; }

  /// After an unreadable line the rest of the stream means nothing.
  void Unmoved() {
    const std::size_t before = sink_.log.size();
    machine_.OnChunk(
        "\n{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"z\"}}}\n");
    Require(sink_.log.size() == before, "nothing is delivered after an unreadable line");
  }

  std::size_t chunk_;
  CheckingSink sink_;
  WatchMachine machine_;
  bool lost_ = false;
};

void Run(Driver& driver, std::string_view script) {
  while (!script.empty()) {
    if (script.front() == '!') {
      const std::size_t end = std::min(script.find('\n'), script.size() - 1);
      driver.Happens(script.substr(0, script[end] == '\n' ? end : end + 1));
      script.remove_prefix(end + 1);
    } else {
      const std::size_t end = std::min(script.find("\n!"), script.size() - 1);
      std::string_view bytes = script.substr(0, end + 1);
      if (bytes.ends_with("\\\n")) bytes.remove_suffix(2);
      driver.Bytes(bytes);
      script.remove_prefix(end + 1);
    }
  }
}

}  // namespace

void Fuzz(std::string_view input) {
  if (input.empty()) return;
  const auto chunk = 1 + static_cast<std::size_t>(static_cast<unsigned char>(input.front()) % 64);
  input.remove_prefix(1);
  Driver in_chunks(chunk);
  Driver at_once(0);
  Run(in_chunks, input);
  Run(at_once, input);
  Require(in_chunks.Sink().log == at_once.Sink().log, "it does not matter how a stream is cut");
  const auto& one = in_chunks.Machine();
  const auto& other = at_once.Machine();
  Require(one.counters().unreadable_lines == other.counters().unreadable_lines &&
              one.counters().stale_events == other.counters().stale_events,
          "it does not matter for the counters either");
  Require(one.Next().request.target == other.Next().request.target, "nor for what comes next");
}

}  // namespace slipway::fuzz
