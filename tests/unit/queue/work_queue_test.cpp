#include "operator/queue/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

namespace slipway {
namespace {

using std::chrono::milliseconds;

ObjectKey Key(int i) { return {kHomeCluster, "ns" + std::to_string(i % 3), std::to_string(i)}; }

TEST(Backoff, DoublesUpToItsLimitAndStartsAnewAfterForget) {
  Backoff backoff(milliseconds(100), milliseconds(1000));
  const auto key = Key(1);
  const std::vector<std::pair<int, int>> bounds = {{50, 100},  {100, 200},  {200, 400},
                                                   {400, 800}, {500, 1000}, {500, 1000}};
  for (const auto& [low, high] : bounds) {
    const auto delay = backoff.Next(key).count();
    EXPECT_GE(delay, low);
    EXPECT_LE(delay, high);
  }
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.Next(key).count(), 1000);
  backoff.Forget(key);
  EXPECT_LE(backoff.Next(key).count(), 100);
}

TEST(Backoff, HowLongTheServerWasAwayDoesNotCountOnceItAnswers) {
  Backoff backoff(milliseconds(100), milliseconds(60000));
  for (int i = 0; i < 9; ++i) backoff.Next(Key(1), false);
  EXPECT_LE(backoff.Next(Key(1), false), milliseconds(4000)) << "it may be back by now";
  EXPECT_LE(backoff.Next(Key(1)), milliseconds(100));
  EXPECT_GE(backoff.Next(Key(1)), milliseconds(100)) << "what it answers does";
  EXPECT_GE(backoff.Next(Key(1), false), milliseconds(200)) << "and is not forgotten";
}

TEST(Backoff, KeysDoNotInfluenceEachOther) {
  Backoff backoff(milliseconds(100), milliseconds(60000));
  for (int i = 0; i < 10; ++i) backoff.Next(Key(1));
  EXPECT_LE(backoff.Next(Key(2)).count(), 100);
}

TEST(WorkQueue, TakeReturnsNothingOnceStopped) {
  SystemClock clock;
  WorkQueue queue(clock, 4, 1);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(20));
    stop.request_stop();
  });
  EXPECT_EQ(queue.Take(stop.get_token()), std::nullopt);
}

TEST(WorkQueue, ASleepingTakeWakesForAnEarlierKey) {
  SystemClock clock;
  WorkQueue queue(clock, 4, 1);
  queue.AddAfter(Key(1), std::chrono::hours(1));
  std::jthread adder([&] {
    std::this_thread::sleep_for(milliseconds(20));
    queue.Add(Key(2));
  });
  std::stop_source stop;
  const auto item = queue.Take(stop.get_token());
  ASSERT_TRUE(item);
  EXPECT_EQ(item->key, Key(2));
}

TEST(WorkQueue, AnEventDoesNotCutTheServersWaitShort) {
  SystemClock clock;
  WorkQueue queue(clock, 4, 1);
  std::stop_source stop;
  queue.Add(Key(1));
  ASSERT_TRUE(queue.Take(stop.get_token()));
  const auto start = clock.Steady();
  queue.AddBackedOff(Key(1), milliseconds(30));
  queue.Add(Key(1));
  queue.Done(Key(1));
  queue.Add(Key(1));
  ASSERT_TRUE(queue.Take(stop.get_token()));
  EXPECT_GE(clock.Steady() - start, milliseconds(30));
}

TEST(WorkQueue, ManyThreadsNeverShareAKeyAndFinishAllOfThem) {
  SystemClock clock;
  WorkQueue queue(clock, 8, 1);
  constexpr int kKeys = 60;
  std::vector<std::atomic<int>> inside(kKeys);
  std::vector<std::atomic<int>> handled(kKeys);
  std::atomic<bool> shared{false};
  std::stop_source stop;
  {
    std::vector<std::jthread> workers;
    for (int w = 0; w < 8; ++w) {
      workers.emplace_back([&] {
        while (const auto item = queue.Take(stop.get_token())) {
          const auto index = static_cast<std::size_t>(std::stoi(item->key.name));
          if (inside[index].fetch_add(1) != 0) shared = true;
          handled[index].fetch_add(1);
          inside[index].fetch_sub(1);
          queue.Done(item->key);
        }
      });
    }
    for (int round = 0; round < 50; ++round) {
      for (int i = 0; i < kKeys; ++i) {
        round % 2 == 0 ? queue.Add(Key(i)) : queue.AddAfter(Key(i), milliseconds(1));
      }
    }
    while (queue.Waiting() + queue.Working() > 0) std::this_thread::sleep_for(milliseconds(1));
    stop.request_stop();
  }
  EXPECT_FALSE(shared);
  for (const auto& count : handled) EXPECT_GE(count.load(), 1);
}

}  // namespace
}  // namespace slipway
