#include "operator/kube/fair_line.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace slipway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Line : public FairLine<std::string> {
 public:
  using FairLine::FairLine;

  /// `count` items of a group, named "a1", "a2", ...
  void JoinMany(const std::string& group, int count) {
    for (int i = 1; i <= count; ++i) Join(group, group + std::to_string(i));
  }
  /// All that may go now.
  std::vector<std::string> Go(const std::set<std::string>& given_up = {}) {
    std::vector<std::string> gone;
    while (auto item = Next([&](const std::string& name) { return given_up.contains(name); })) {
      gone.push_back(*item);
    }
    return gone;
  }
};

TEST(FairLine, GroupsTakeTurnsAndKeepTheirOrder) {
  Line line(12);
  line.JoinMany("a", 3);
  line.JoinMany("b", 1);
  line.JoinMany("c", 2);
  EXPECT_THAT(line.Go(), ElementsAre("a1", "b1", "c1", "a2", "c2", "a3"));
}

TEST(FairLine, TheTurnGoesOnWhereItEnded) {
  Line line(3);
  line.JoinMany("a", 2);
  line.JoinMany("b", 2);
  line.JoinMany("c", 2);
  EXPECT_THAT(line.Go(), ElementsAre("a1", "b1", "c1"));
  line.Leave("a");
  line.Leave("b");
  line.Leave("c");
  line.JoinMany("", 1);
  EXPECT_THAT(line.Go(), ElementsAre("1", "a2", "b2"));
}

/// How many places each of some groups that want all of them gets, one after the other.
TEST(FairLine, LeavesPlacesToTheNextGroup) {
  const struct {
    std::size_t places;
    std::vector<std::size_t> shares;
    std::string why;
  } cases[] = {
      {48, {25, 12, 6, 3, 2}, "four groups that do not move leave places to a fifth"},
      {16, {9, 4, 2, 1}, ""},
      {3, {2, 1}, ""},
      {2, {2}, "a client of one thing, such as the Lease, may use what it has"},
      {1, {1}, ""},
  };
  for (const auto& test : cases) {
    Line line(test.places);
    std::vector<std::size_t> shares;
    for (std::size_t i = 0; i < test.shares.size(); ++i) {
      line.JoinMany(std::string(1, static_cast<char>('a' + i)), 100);
      shares.push_back(line.Go().size());
    }
    EXPECT_EQ(shares, test.shares) << test.places << " " << test.why;
    EXPECT_EQ(line.Taken(), test.places);
  }
}

TEST(FairLine, AGroupThatComesLaterCatchesUp) {
  Line line(12);
  line.JoinMany("a", 100);
  EXPECT_EQ(line.Go().size(), 7U);
  line.JoinMany("b", 100);
  EXPECT_THAT(line.Go(), ElementsAre("b1", "b2", "b3"));
  line.Leave("a");
  EXPECT_THAT(line.Go(), ElementsAre("b4")) << "a holds 6, and 3 are free";
  line.Leave("a");
  line.Leave("a");
  EXPECT_THAT(line.Go(), ElementsAre("a8")) << "as many each were as many free";
}

TEST(FairLine, AFullGroupDoesNotHoldUpTheOthers) {
  Line line(4);
  line.JoinMany("a", 10);
  EXPECT_THAT(line.Go(), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(line.Go(), IsEmpty());
  line.JoinMany("b", 1);
  EXPECT_THAT(line.Go(), ElementsAre("b1"));
}

TEST(FairLine, DropsWhatWasGivenUpWithoutCostingATurn) {
  Line line(8);
  line.JoinMany("a", 4);
  line.JoinMany("b", 2);
  line.JoinMany("c", 1);
  EXPECT_THAT(line.Go({"a1", "a2", "b1", "b2"}), ElementsAre("a3", "c1", "a4"));
  EXPECT_EQ(line.Taken(), 3U);
  EXPECT_THAT(line.TakeWaiting(), IsEmpty());
}

TEST(FairLine, GivesBackAllThatWaits) {
  Line line(1);
  line.JoinMany("a", 2);
  line.JoinMany("b", 1);
  EXPECT_THAT(line.Go(), ElementsAre("a1"));
  EXPECT_THAT(line.TakeWaiting(), UnorderedElementsAre("a2", "b1"));
  line.Leave("a");
  EXPECT_THAT(line.Go(), IsEmpty());
}

TEST(FairLine, ALeaveOfNobodyFreesNothing) {
  Line line(2);
  line.Leave("a");
  EXPECT_EQ(line.Taken(), 0U);
}

/// Random operations: nothing is lost or doubled, the places are never exceeded, and once all leave
/// all are served.
TEST(FairLineProperty, ServesEveryoneOnce) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    const std::size_t places = 1 + random() % 9;
    Line line(places);
    std::multiset<std::string> held;
    std::set<std::string> served;
    int joined = 0;
    const auto serve = [&] {
      for (const std::string& item : line.Go()) {
        ASSERT_TRUE(served.insert(item).second) << "seed " << seed;
        held.insert(item.substr(0, 1));
      }
      ASSERT_LE(held.size(), places) << "seed " << seed;
      ASSERT_EQ(line.Taken(), held.size()) << "seed " << seed;
    };
    const auto leave = [&] {
      if (held.empty()) return;
      auto who = std::next(held.begin(), static_cast<long>(random() % held.size()));
      line.Leave(*who);
      held.erase(who);
    };
    for (int step = 0; step < 300; ++step) {
      const std::string group(1, static_cast<char>('a' + random() % 4));
      if (random() % 2 == 0) line.Join(group, group + std::to_string(++joined));
      if (random() % 3 == 0) leave();
      serve();
    }
    while (!held.empty()) {
      leave();
      serve();
    }
    EXPECT_EQ(served.size(), static_cast<std::size_t>(joined)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace slipway
