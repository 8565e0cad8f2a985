#include <gmock/gmock.h>

#include "tests/unit/kube/watch_fixture.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// A watch's answer as a server writes it, with every kind of event and text that tempts a
/// splitter: escaped newlines, quotes, a multi-byte character, an empty line.
std::string RecordedStream() {
  return Event("ADDED", "plain", 8) +
         R"({"type":"MODIFIED","object":{"metadata":{"name":"a\nb\"}{","resourceVersion":"9"}}})"
         "\n\n" +
         Event("ADDED", "schön-🚢", 10) + Event("BOOKMARK", "", 15) + Event("DELETED", "plain", 17) +
         Event("FUTURE", "x", 18) + ErrorEvent(410);
}

std::vector<std::string> Feed(const std::vector<std::string_view>& pieces) {
  RecordingSink sink;
  WatchMachine machine({{"", "v1", "Pod", "pods"}, "", ""}, sink);
  machine.OnListPage(List(7, {}));
  for (const auto piece : pieces) machine.OnChunk(piece);
  machine.OnWatchEnd({}, 30s);
  auto log = sink.Take();
  log.push_back(machine.Next().request.target);
  return log;
}

TEST(WatchMachineStream, MeansTheSameWhereverItIsCut) {
  const std::string stream = RecordedStream();
  const std::string_view whole = stream;
  const auto expected = Feed({whole});
  ASSERT_EQ(expected.size(), 8U) << "list, complete, five events, the next request";
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    EXPECT_EQ(Feed({whole.substr(0, i), whole.substr(i)}), expected) << "cut at " << i;
    for (std::size_t j = i; j <= whole.size(); j += 37) {
      ASSERT_EQ(Feed({whole.substr(0, i), whole.substr(i, j - i), whole.substr(j)}), expected)
          << "cut at " << i << " and " << j;
    }
  }
}

TEST(WatchMachineStream, MeansTheSameByteByByte) {
  const std::string stream = RecordedStream();
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    bytes.push_back(std::string_view(stream).substr(i, 1));
  }
  EXPECT_EQ(Feed(bytes), Feed({stream}));
}

TEST(WatchMachineStream, BreakingOffAnywhereLosesAndDoublesNothing) {
  const std::string stream = Event("ADDED", "a", 8) + Event("ADDED", "b", 9) +
                             Event("DELETED", "a", 10) + Event("ADDED", "c", 11);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    RecordingSink sink;
    WatchMachine machine({{"", "v1", "Pod", "pods"}, "", ""}, sink);
    machine.OnListPage(List(7, {}));
    sink.Take();
    machine.OnChunk(std::string_view(stream).substr(0, cut));
    machine.OnWatchEnd(Fail(Code::kUnavailable, "reset"), 1s);
    // The server goes on after the version it is asked for.
    const auto resumed = machine.version().Number();
    for (std::uint64_t version = resumed + 1; version <= 11; ++version) {
      const std::size_t line = version - 8;
      std::size_t begin = 0;
      for (std::size_t i = 0; i < line; ++i) begin = stream.find('\n', begin) + 1;
      machine.OnChunk(std::string_view(stream).substr(begin, stream.find('\n', begin) + 1 - begin));
    }
    EXPECT_THAT(sink.Take(),
                ElementsAre("upsert a @8", "upsert b @9", "delete a @10", "upsert c @11"))
        << "cut at " << cut;
  }
}

}  // namespace
}  // namespace slipway::testing
