#include "operator/kube/watch.hpp"

#include <gmock/gmock.h>

#include "tests/unit/kube/watch_fixture.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Action = WatchMachine::Action;

class WatchMachineTest : public ::testing::Test {
 protected:
  static constexpr ResourceType kPodType{"", "v1", "Pod", "pods"};

  WatchMachineTest() : machine_({kPodType, "", "app=x"}, sink_) {}

  void Page(const std::string& body) { machine_.OnListPage(body); }
  void PageFails(Code code) { machine_.OnListPage(Fail(code, "m")); }
  void WatchEnds(Result<void> end = {}, std::chrono::milliseconds lived = 30s) {
    machine_.OnWatchEnd(end, lived);
  }
  /// Through a first list at that version.
  void Synced(int version) {
    Page(List(version, {}));
    sink_.Take();
  }
  std::string NextTarget() { return machine_.Next().request.target; }
  Action NextAction() { return machine_.Next().action; }
  unsigned Backoff() { return machine_.Next().backoff_step; }

  RecordingSink sink_;
  WatchMachine machine_;
};

TEST_F(WatchMachineTest, ListsConsistentlyThenWatchesFromThere) {
  EXPECT_EQ(NextTarget(), "/api/v1/pods?labelSelector=app%3Dx&limit=100");
  EXPECT_EQ(Backoff(), 0U);
  Page(List(7, {"a", "b"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "item b", "complete @7"));
  EXPECT_EQ(NextTarget(),
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=30"
            "&labelSelector=app%3Dx&resourceVersion=7");
}

TEST_F(WatchMachineTest, FollowsPagesAndCompletesWithTheLast) {
  Page(List(7, {"a"}, "next/1"));
  EXPECT_EQ(NextTarget(), "/api/v1/pods?labelSelector=app%3Dx&limit=100&continue=next%2F1");
  Page(List(7, {"b"}, "next/2"));
  Page(List(7, {"c"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "item b", "item c", "complete @7"));
  EXPECT_EQ(NextAction(), Action::kWatch);
}

TEST_F(WatchMachineTest, StartsOverWithoutPagesWhenAContinueTokenExpires) {
  Page(List(7, {"a"}, "next"));
  PageFails(Code::kGone);
  EXPECT_EQ(NextTarget(), "/api/v1/pods?labelSelector=app%3Dx");
  EXPECT_EQ(Backoff(), 0U);
  Page(List(9, {"b"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "list", "item b", "complete @9"));
  // The next list may try pages again.
  machine_.OnChunk(ErrorEvent(410));
  WatchEnds();
  EXPECT_THAT(NextTarget(), HasSubstr("limit=100"));
}

TEST_F(WatchMachineTest, StartsOverWhenAPageFails) {
  Page(List(7, {"a"}, "next"));
  PageFails(Code::kUnavailable);
  EXPECT_THAT(NextTarget(), Not(HasSubstr("continue")));
  EXPECT_EQ(Backoff(), 1U);
}

TEST_F(WatchMachineTest, HalvesPagesThatAreTooLargeUntilTheyFit) {
  for (const auto* limit :
       {"limit=100", "limit=50", "limit=25", "limit=12", "limit=6", "limit=3"}) {
    EXPECT_THAT(NextTarget(), HasSubstr(limit));
    EXPECT_EQ(Backoff(), 0U) << "another page size is no repetition";
    PageFails(Code::kTooLarge);
  }
  EXPECT_THAT(NextTarget(), EndsWith("limit=1"));
  Page(List(7, {"a"}, "next"));
  EXPECT_THAT(NextTarget(), EndsWith("limit=1&continue=next"));
  Page(List(7, {"b"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "item b", "complete @7"));
  machine_.OnChunk(ErrorEvent(410));
  WatchEnds();
  EXPECT_THAT(NextTarget(), EndsWith("limit=1")) << "the next list is of the same objects";
}

TEST_F(WatchMachineTest, StartsOverWhenALaterPageIsTooLarge) {
  Page(List(7, {"a"}, "next"));
  PageFails(Code::kTooLarge);
  EXPECT_EQ(NextTarget(), "/api/v1/pods?labelSelector=app%3Dx&limit=50");
  Page(List(8, {"b"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "list", "item b", "complete @8"));
}

TEST_F(WatchMachineTest, BacksOffWhenASingleObjectIsTooLarge) {
  for (int limit = 100; limit > 1; limit /= 2) PageFails(Code::kTooLarge);
  EXPECT_EQ(Backoff(), 0U);
  PageFails(Code::kTooLarge);
  EXPECT_THAT(NextTarget(), EndsWith("limit=1"));
  EXPECT_EQ(Backoff(), 1U);
}

TEST_F(WatchMachineTest, GoesBackToPagesWhenAllAtOnceIsTooLarge) {
  Page(List(7, {"a"}, "next"));
  PageFails(Code::kGone);
  EXPECT_THAT(NextTarget(), Not(HasSubstr("limit")));
  PageFails(Code::kTooLarge);
  EXPECT_THAT(NextTarget(), HasSubstr("limit=100")) << "the pages were not what was too large";
  EXPECT_EQ(Backoff(), 1U) << "or the two would follow each other without a pause";
}

TEST_F(WatchMachineTest, WaitsLongerAfterEachFailureInARow) {
  for (unsigned i = 1; i < 5; ++i) {
    PageFails(Code::kUnavailable);
    EXPECT_EQ(Backoff(), i);
  }
  Page(List(7, {}));
  EXPECT_EQ(Backoff(), 0U) << "the list has worked: watch at once";
  WatchEnds(Fail(Code::kUnavailable, "m"), 10ms);
  EXPECT_EQ(Backoff(), 5U) << "a watch that never delivers proves nothing";
  machine_.OnChunk(Event("ADDED", "a", 8));
  WatchEnds(Fail(Code::kUnavailable, "m"), 10ms);
  EXPECT_EQ(Backoff(), 1U);
}

TEST_F(WatchMachineTest, RefusesAPageThatIsNoList) {
  for (const std::string body :
       {"", "not json", "{}", "[]", R"({"metadata":3})",
        "{\"metadata\":", R"({"kind":"Status","metadata":{},"status":"Success"})",
        R"({"metadata":{"resourceVersion":"7"}})",
        R"({"metadata":{"resourceVersion":"7"},"items":{}})", R"({"metadata":{},"items":[]})"}) {
    Page(body);
    EXPECT_EQ(NextAction(), Action::kList) << body;
    EXPECT_GT(Backoff(), 0U) << body;
  }
  EXPECT_THAT(sink_.Take(), IsEmpty());
  EXPECT_EQ(machine_.counters().unreadable_lines, 10U);
}

TEST_F(WatchMachineTest, TakesNullForAnEmptyList) {
  Page(R"({"metadata":{"resourceVersion":"7"},"items":null})");
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "complete @7"));
}

TEST_F(WatchMachineTest, TellsEachKindOfEvent) {
  Synced(7);
  machine_.OnChunk(Event("ADDED", "a", 8) + Event("MODIFIED", "a", 9) + Event("DELETED", "a", 10) +
                   Event("BOOKMARK", "", 20));
  EXPECT_THAT(sink_.Take(),
              ElementsAre("upsert a @8", "upsert a @9", "delete a @10", "bookmark @20"));
}

TEST_F(WatchMachineTest, ContinuesFromTheLastVersionAfterACleanEnd) {
  Synced(7);
  machine_.OnChunk(Event("ADDED", "a", 8) + Event("BOOKMARK", "", 20));
  WatchEnds();
  EXPECT_THAT(NextTarget(), HasSubstr("resourceVersion=20"));
  EXPECT_EQ(Backoff(), 0U);
}

TEST_F(WatchMachineTest, ContinuesFromTheLastWholeEventAfterABreak) {
  Synced(7);
  const std::string event = Event("ADDED", "b", 9);
  machine_.OnChunk(Event("ADDED", "a", 8) + event.substr(0, event.size() / 2));
  WatchEnds(Fail(Code::kUnavailable, "reset"));
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @8"));
  EXPECT_THAT(NextTarget(), HasSubstr("resourceVersion=8"));
  EXPECT_EQ(Backoff(), 1U);
  machine_.OnChunk(event);
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert b @9")) << "the half event must not stick to it";
}

TEST_F(WatchMachineTest, GoesNeverBack) {
  Synced(100);
  machine_.OnChunk(Event("MODIFIED", "a", 99) + Event("DELETED", "a", 50) +
                   Event("BOOKMARK", "", 98) + Event("MODIFIED", "a", 101) +
                   Event("MODIFIED", "a", 100));
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @101"));
  EXPECT_EQ(machine_.counters().stale_events, 4U);
  EXPECT_EQ(machine_.version().text, "101");
}

TEST_F(WatchMachineTest, ComparesVersionsAsNumbers) {
  Synced(99);
  machine_.OnChunk(Event("ADDED", "a", 100));
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @100"));
}

TEST_F(WatchMachineTest, TrustsTheServersOrderWhenVersionsAreNoNumbers) {
  Page(R"({"metadata":{"resourceVersion":"z9"},"items":[]})");
  sink_.Take();
  machine_.OnChunk(R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"a1"}}})"
                   "\n");
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @a1"));
}

TEST_F(WatchMachineTest, TakesANumberBeyond64BitsForNone) {
  EXPECT_EQ(ResourceVersion{"18446744073709551615"}.Number(), 18446744073709551615U);
  EXPECT_EQ(ResourceVersion{"18446744073709551626"}.Number(), 0U) << "not 10";
  EXPECT_EQ(ResourceVersion{"-1"}.Number(), 0U);
}

TEST_F(WatchMachineTest, ListsAgainWhenTheVersionIsGone) {
  const auto ways = {
      +[](WatchMachine& machine) {
        machine.OnChunk(ErrorEvent(410));
        machine.OnWatchEnd({}, 1s);
      },
      +[](WatchMachine& machine) {
        machine.OnChunk("{\"kind\":\"Status\",\"code\":410}\n");
        machine.OnWatchEnd({}, 1s);
      },
      +[](WatchMachine& machine) { machine.OnWatchEnd(Fail(Code::kGone, "expired"), 1s); },
  };
  for (const auto& way : ways) {
    RecordingSink sink;
    WatchMachine machine({kPodType, "", ""}, sink);
    machine.OnListPage(List(7, {}));
    machine.OnChunk(Event("ADDED", "a", 8));
    way(machine);
    EXPECT_EQ(machine.Next().action, Action::kList);
    EXPECT_EQ(machine.Next().backoff_step, 0U) << "the first time is routine";
    machine.OnListPage(List(9, {}));
    way(machine);
    EXPECT_EQ(machine.Next().action, Action::kList);
    EXPECT_GT(machine.Next().backoff_step, 0U) << "over and over is a loop";
  }
}

TEST_F(WatchMachineTest, BacksOffAfterAnyOtherErrorEvent) {
  for (const std::string& event :
       {ErrorEvent(500), ErrorEvent(429), std::string("{\"type\":\"ERROR\",\"object\":{}}\n"),
        std::string("{\"type\":\"ERROR\"}\n")}) {
    RecordingSink sink;
    WatchMachine machine({kPodType, "", ""}, sink);
    machine.OnListPage(List(7, {}));
    machine.OnChunk(event);
    machine.OnWatchEnd({}, 30s);
    EXPECT_EQ(machine.Next().action, Action::kList) << event;
    EXPECT_EQ(machine.Next().backoff_step, 1U) << event;
  }
}

TEST_F(WatchMachineTest, IgnoresTheRestOfAStreamAfterAnError) {
  Synced(7);
  machine_.OnChunk(ErrorEvent(410) + Event("ADDED", "a", 8));
  machine_.OnChunk(Event("ADDED", "b", 9));
  EXPECT_THAT(sink_.Take(), IsEmpty());
}

TEST_F(WatchMachineTest, ListsAnewAfterAnEventThatItDoesNotUnderstand) {
  for (const std::string& event : {Event("RENAMED", "a", 8), std::string("{}\n")}) {
    RecordingSink sink;
    WatchMachine machine({kPodType, "", ""}, sink);
    machine.OnListPage(List(7, {}));
    sink.Take();
    EXPECT_FALSE(machine.OnChunk(event + Event("ADDED", "b", 9))) << event;
    EXPECT_THAT(sink.Take(), IsEmpty()) << "what comes after it is not in order";
    machine.OnWatchEnd({}, 30s);
    EXPECT_EQ(machine.Next().action, Action::kList) << event;
    EXPECT_EQ(machine.Next().backoff_step, 1U)
        << "a server that talks so must not be asked in a loop";
    EXPECT_EQ(machine.counters().unreadable_lines, 1U);
  }
}

TEST_F(WatchMachineTest, SkipsEmptyLines) {
  Synced(7);
  machine_.OnChunk("\n\r\n" + Event("ADDED", "a", 8) + "\n");
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @8"));
  EXPECT_EQ(machine_.counters().unreadable_lines, 0U);
}

TEST_F(WatchMachineTest, SkipsEventsWithoutAVersion) {
  Synced(7);
  machine_.OnChunk(
      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}\n"
      "{\"type\":\"ADDED\"}\n{\"type\":\"ADDED\",\"object\":3}\n");
  EXPECT_THAT(sink_.Take(), IsEmpty());
  EXPECT_THAT(NextTarget(), HasSubstr("resourceVersion=7"));
}

TEST_F(WatchMachineTest, ListsAgainAfterALineItCannotRead) {
  Synced(7);
  machine_.OnChunk("{\"type\":\"ADDED\",\"object\":{\n" + Event("ADDED", "a", 9));
  EXPECT_THAT(sink_.Take(), IsEmpty()) << "what follows may depend on what was lost";
  WatchEnds();
  EXPECT_EQ(NextAction(), Action::kList);
  EXPECT_EQ(Backoff(), 1U);
  EXPECT_EQ(machine_.counters().unreadable_lines, 1U);
}

TEST_F(WatchMachineTest, ListsAgainAfterALineBeyondTheLimit) {
  WatchMachine machine({kPodType, "", "", 100, 30s, 200}, sink_);
  machine.OnListPage(List(7, {}));
  sink_.Take();
  for (int i = 0; i < 100; ++i) machine.OnChunk("xxxxxxxxxx");
  machine.OnChunk("\n" + Event("ADDED", "a", 8));
  EXPECT_THAT(sink_.Take(), IsEmpty());
  machine.OnWatchEnd({}, 30s);
  EXPECT_EQ(machine.Next().action, Action::kList);
  EXPECT_EQ(machine.counters().unreadable_lines, 1U);
}

TEST_F(WatchMachineTest, DoesNotLoopTightlyOnWatchesThatEndAtOnce) {
  Synced(7);
  WatchEnds({}, 10ms);
  EXPECT_EQ(NextAction(), Action::kWatch);
  EXPECT_EQ(Backoff(), 1U);
  WatchEnds({}, 10ms);
  EXPECT_EQ(Backoff(), 2U);
  WatchEnds({}, 30s);
  EXPECT_EQ(Backoff(), 0U);
}

TEST_F(WatchMachineTest, ReportsAListThatIsOlderThanWhatItKnows) {
  Synced(100);
  machine_.OnChunk(Event("ADDED", "a", 150) + ErrorEvent(410));
  WatchEnds();
  sink_.Take();
  Page(List(120, {"a"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item a", "regression 150 -> 120"));
  EXPECT_EQ(NextAction(), Action::kList);
  EXPECT_EQ(Backoff(), 1U);
  Page(List(151, {"b"}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "item b", "complete @151"));
}

TEST_F(WatchMachineTest, BelievesARestoredClusterInTheEnd) {
  Synced(100);
  machine_.OnChunk(ErrorEvent(410));
  WatchEnds();
  for (int i = 1; i < WatchMachine::kRegressionPatience; ++i) {
    Page(List(20, {}));
    EXPECT_THAT(sink_.Take(), ElementsAre("list", "regression 100 -> 20"));
  }
  Page(List(20, {}));
  EXPECT_THAT(sink_.Take(), ElementsAre("list", "regression 100 -> 20 accepted", "complete @20"));
  machine_.OnChunk(Event("ADDED", "a", 21));
  EXPECT_THAT(sink_.Take(), ElementsAre("upsert a @21"));
}

}  // namespace
}  // namespace slipway::testing
