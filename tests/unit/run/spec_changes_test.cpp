#include "operator/run/spec_changes.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

Object Policy(const std::string& uid, std::int64_t generation) {
  Object object;
  object.meta.uid = uid;
  object.meta.generation = generation;
  return object;
}

TEST(SpecChanges, TellsWhatCameWhatWentAndWhatHasAnotherSpec) {
  SpecChanges changes;
  EXPECT_TRUE(changes.Changed(Policy("a", 1), true)) << "it came";
  EXPECT_FALSE(changes.Changed(Policy("a", 1), true)) << "its status alone";
  EXPECT_TRUE(changes.Changed(Policy("a", 2), true));
  EXPECT_FALSE(changes.Changed(Policy("a", 2), true));
  EXPECT_TRUE(changes.Changed(Policy("b", 2), true)) << "another one";
  EXPECT_TRUE(changes.Changed(Policy("a", 2), false)) << "it went";
  EXPECT_TRUE(changes.Changed(Policy("a", 2), true)) << "and is back";
}

}  // namespace
}  // namespace slipway
