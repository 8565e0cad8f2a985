#include "operator/queue/queue_core.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace slipway {
namespace {

using std::chrono::milliseconds;

ObjectKey Key(const std::string& ns, const std::string& name) { return {kHomeCluster, ns, name}; }

class QueueCoreTest : public ::testing::Test {
 protected:
  std::string TakeName() {
    const auto item = queue_.Take(now_);
    return item ? item->key.name : "";
  }

  QueueCore queue_{6};
  SteadyInstant now_{milliseconds(1000)};
};

TEST_F(QueueCoreTest, AKeyAddedTwiceIsHandedOutOnce) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  queue_.Add(Key("a", "x"), Priority::kInitial, now_);
  EXPECT_EQ(TakeName(), "x");
  EXPECT_EQ(TakeName(), "");
}

TEST_F(QueueCoreTest, AKeyAddedWhileWorkedOnComesBackOnlyAfterDone) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "");
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(TakeName(), "x");
}

TEST_F(QueueCoreTest, LiveEventsOvertakeInitialOnes) {
  queue_.Add(Key("a", "old"), Priority::kInitial, now_);
  queue_.Add(Key("a", "new"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "new");
  EXPECT_EQ(TakeName(), "old");
}

TEST_F(QueueCoreTest, AnInitialKeyThatChangesMovesToTheLiveOnes) {
  queue_.Add(Key("a", "first"), Priority::kInitial, now_);
  queue_.Add(Key("a", "second"), Priority::kInitial, now_);
  queue_.Add(Key("a", "second"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "second");
  EXPECT_EQ(TakeName(), "first");
  EXPECT_EQ(TakeName(), "");
}

TEST_F(QueueCoreTest, AnInitialKeyThatIsWantedSoonMovesToTheLiveOnes) {
  queue_.Add(Key("a", "first"), Priority::kInitial, now_);
  queue_.Add(Key("a", "second"), Priority::kInitial, now_);
  queue_.AddAt(Key("a", "second"), now_ + milliseconds(200), now_);
  EXPECT_EQ(queue_.NextDue(), std::nullopt);
  EXPECT_EQ(TakeName(), "second");
  EXPECT_EQ(TakeName(), "first");
}

TEST_F(QueueCoreTest, AKeyThatComesBackAsInitialAndIsWantedSoonComesBackAsLive) {
  queue_.Add(Key("a", "x"), Priority::kInitial, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.Add(Key("a", "other"), Priority::kInitial, now_);
  queue_.Add(Key("a", "x"), Priority::kInitial, now_);
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(200), now_);
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(TakeName(), "x");
  EXPECT_EQ(TakeName(), "other");
}

TEST_F(QueueCoreTest, NamespacesTakeTurns) {
  for (const char* name : {"a1", "a2", "a3"}) queue_.Add(Key("a", name), Priority::kLive, now_);
  queue_.Add(Key("b", "b1"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "a1");
  EXPECT_EQ(TakeName(), "b1");
  EXPECT_EQ(TakeName(), "a2");
}

TEST_F(QueueCoreTest, OneNamespaceCannotHoldAllWorkers) {
  for (int i = 0; i < 6; ++i) queue_.Add(Key("a", std::to_string(i)), Priority::kLive, now_);
  for (int i = 0; i < 4; ++i) EXPECT_NE(TakeName(), "");
  EXPECT_EQ(TakeName(), "");
  queue_.Add(Key("b", "other"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "other");
  queue_.Done(Key("a", "0"), now_);
  EXPECT_EQ(TakeName(), "") << "it holds 3, and 2 are free";
  queue_.Done(Key("b", "other"), now_);
  EXPECT_EQ(TakeName(), "4");
}

TEST_F(QueueCoreTest, AFewSlowNamespacesLeaveWorkersToTheNext) {
  QueueCore queue(16);
  std::vector<int> shares;
  for (const char* ns : {"a", "b", "c", "d"}) {
    for (int i = 0; i < 20; ++i) queue.Add(Key(ns, std::to_string(i)), Priority::kLive, now_);
    int taken = 0;
    while (queue.Take(now_)) ++taken;
    shares.push_back(taken);
  }
  EXPECT_EQ(shares, (std::vector<int>{9, 4, 2, 1}));
}

TEST_F(QueueCoreTest, OfSeveralDelaysTheEarliestCounts) {
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(50), now_);
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(20), now_);
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(90), now_);
  EXPECT_EQ(queue_.NextDue(), now_ + milliseconds(20));
  EXPECT_EQ(TakeName(), "");
  now_ += milliseconds(20);
  EXPECT_EQ(TakeName(), "x");
  queue_.Done(Key("a", "x"), now_);
  now_ += milliseconds(1000);
  EXPECT_EQ(TakeName(), "");
}

TEST_F(QueueCoreTest, AnEventReplacesADelay) {
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(50), now_);
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(queue_.NextDue(), std::nullopt);
  EXPECT_EQ(TakeName(), "x");
}

TEST_F(QueueCoreTest, ADelaySetWhileWorkedOnIsKept) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(10), now_);
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(TakeName(), "");
  now_ += milliseconds(10);
  EXPECT_EQ(TakeName(), "x");
}

TEST_F(QueueCoreTest, NothingBringsAHeldKeyBackEarly) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(10), now_);  // What the plan asked for,
  queue_.Add(Key("a", "x"), Priority::kLive, now_);            // the key's own status write,
  const auto until = now_ + milliseconds(50);
  queue_.Hold(Key("a", "x"), until, now_);
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(80), now_);
  queue_.Add(Key("a", "x"), Priority::kLive, now_);  // a child during the pass,
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(queue_.NextDue(), until);
  now_ += milliseconds(20);
  queue_.Add(Key("a", "x"), Priority::kLive, now_);  // and later ones.
  queue_.AddAt(Key("a", "x"), now_ + milliseconds(5), now_);
  queue_.AddAt(Key("a", "x"), now_, now_);
  EXPECT_EQ(TakeName(), "");
  EXPECT_EQ(queue_.NextDue(), until);
  now_ = until;
  EXPECT_EQ(TakeName(), "x");
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(queue_.Waiting(), 0U);
}

TEST_F(QueueCoreTest, AHeldKeyComesBackWithoutAnEvent) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.Hold(Key("a", "x"), now_ + milliseconds(50), now_);
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(TakeName(), "");
  now_ += milliseconds(50);
  EXPECT_EQ(TakeName(), "x");
}

TEST_F(QueueCoreTest, AHoldEndsWithItsTime) {
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.Hold(Key("a", "x"), now_ + milliseconds(50), now_);
  queue_.Done(Key("a", "x"), now_);
  now_ += milliseconds(60);
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  EXPECT_EQ(TakeName(), "x");
  queue_.Add(Key("a", "x"), Priority::kLive, now_);
  queue_.Done(Key("a", "x"), now_);
  EXPECT_EQ(TakeName(), "x");
}

/// Random operations: no key is ever with two workers, none is lost, nothing is handed out that
/// was not added.
TEST(QueueCoreProperty, NeitherLosesNorDoublesAKey) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    QueueCore queue(3);
    SteadyInstant now{milliseconds(0)};
    std::set<ObjectKey> working;
    std::set<ObjectKey> owed;  // Added since last handed out.
    for (int step = 0; step < 500; ++step) {
      const auto key =
          Key(std::string(1, static_cast<char>('a' + random() % 3)), std::to_string(random() % 5));
      switch (random() % 6) {
        case 0: queue.Add(key, Priority::kLive, now), owed.insert(key); break;
        case 1: queue.Add(key, Priority::kInitial, now), owed.insert(key); break;
        case 2: queue.AddAt(key, now + milliseconds(random() % 20), now), owed.insert(key); break;
        case 3:
          if (!working.empty()) {
            const auto& held = *working.begin();
            queue.Hold(held, now + milliseconds(random() % 20), now), owed.insert(held);
          }
          break;
        case 4:
          if (const auto item = queue.Take(now)) {
            ASSERT_TRUE(working.insert(item->key).second) << "seed " << seed;
            ASSERT_TRUE(owed.erase(item->key)) << "seed " << seed;
          }
          break;
        default:
          now += milliseconds(random() % 10);
          if (working.empty()) break;
          queue.Done(*working.begin(), now);
          working.erase(working.begin());
      }
    }
    for (const auto& key : working) queue.Done(key, now);
    now += milliseconds(1000);
    while (const auto item = queue.Take(now)) {
      owed.erase(item->key);
      queue.Done(item->key, now);
    }
    EXPECT_TRUE(owed.empty()) << "seed " << seed;
    EXPECT_EQ(queue.Waiting(), 0u);
    EXPECT_EQ(queue.Working(), 0u);
  }
}

}  // namespace
}  // namespace slipway
