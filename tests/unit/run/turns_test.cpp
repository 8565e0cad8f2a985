#include "operator/run/turns.hpp"

#include <gtest/gtest.h>

#include "tests/unit/run/still_clock.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;

TEST(Turns, AreTakenOnceInAWhileByEachForItself) {
  StillClock clock;
  Turns turns(clock, 10s);
  EXPECT_EQ(turns.WaitOf("a"), 0s);
  turns.Take("a");
  EXPECT_EQ(turns.WaitOf("a"), 10s);
  EXPECT_EQ(turns.WaitOf("b"), 0s);
  clock.passed += 9100ms;
  EXPECT_EQ(turns.WaitOf("a"), 1s) << "rounded up";
  clock.passed += 900ms;
  EXPECT_EQ(turns.WaitOf("a"), 0s);
}

TEST(Turns, ThoseOfManyAreForgottenWhenTheyHavePassed) {
  StillClock clock;
  Turns turns(clock, 10s);
  for (int who = 0; who < 5000; ++who) turns.Take(std::to_string(who));
  EXPECT_EQ(turns.WaitOf("0"), 10s) << "still to wait, so still known";
  clock.passed += 10s;
  turns.Take("another");
  EXPECT_EQ(turns.WaitOf("0"), 0s);
  EXPECT_EQ(turns.WaitOf("another"), 10s);
}

}  // namespace
}  // namespace slipway
