#include "operator/kube/token_bucket.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

using namespace std::chrono_literals;

const SteadyInstant kStart{1h};

TEST(TokenBucket, LetsABurstPassAndThenTheRate) {
  TokenBucket bucket(10, 5);
  EXPECT_EQ(bucket.Take(5, kStart), 0ms);
  EXPECT_EQ(bucket.Take(1, kStart), 100ms);
  EXPECT_EQ(bucket.Take(1, kStart), 200ms) << "behind the one before";
}

TEST(TokenBucket, FillsUpWithTimeButNotBeyondItsBurst) {
  TokenBucket bucket(10, 5);
  bucket.Take(5, kStart);
  EXPECT_EQ(bucket.Take(2, kStart + 200ms), 0ms);
  EXPECT_EQ(bucket.Take(6, kStart + 1h), 100ms);
}

TEST(TokenBucket, GivesOutMoreThanItHoldsForATime) {
  TokenBucket bucket(100, 10);
  EXPECT_EQ(bucket.Take(30, kStart), 200ms);
  EXPECT_EQ(bucket.Take(0, kStart + 200ms), 0ms);
}

TEST(TokenBucket, IsNotConfusedByTimesOutOfOrder) {
  TokenBucket bucket(10, 1);
  bucket.Take(1, kStart + 1s);
  EXPECT_EQ(bucket.Take(1, kStart), 100ms);
}

}  // namespace
}  // namespace slipway
