#include "operator/run/covers.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

using nlohmann::json;

struct Case {
  const char* sentence;
  const char* live;
  const char* wanted;
  bool covered;
};

class CoversTest : public ::testing::TestWithParam<Case> {};

TEST_P(CoversTest, Holds) {
  const auto& c = GetParam();
  EXPECT_EQ(Covers(json::parse(c.live), json::parse(c.wanted)), c.covered) << c.sentence;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CoversTest,
    ::testing::Values(
        Case{"fields that are not wanted are ignored", R"({"a":1,"b":2})", R"({"a":1})", true},
        Case{"a missing field counts", R"({"a":1})", R"({"a":1,"b":2})", false},
        Case{"another value counts", R"({"a":1})", R"({"a":2})", false},
        Case{"an object is no scalar", R"({"a":1})", R"({"a":{"b":1}})", false},
        Case{"containers are matched by name, whatever their order",
             R"([{"name":"sidecar"},{"name":"main","image":"x","ports":[]}])",
             R"([{"name":"main","image":"x"}])", true},
        Case{"a changed container counts", R"([{"name":"main","image":"y"}])",
             R"([{"name":"main","image":"x"}])", false},
        Case{"service ports are matched by port", R"([{"port":80,"nodePort":0},{"port":81}])",
             R"([{"port":81}])", true},
        Case{"arguments are compared in order and length", R"(["a","b","c"])", R"(["a","b"])",
             false},
        Case{"equal arguments match", R"(["a","b"])", R"(["a","b"])", true},
        Case{"an empty wanted list wants an empty list", R"(["a"])", R"([])", false},
        Case{"one more label in a selector counts", R"({"spec":{"selector":{"a":"1","b":"2"}}})",
             R"({"spec":{"selector":{"a":"1"}}})", false},
        Case{"an equal selector matches", R"({"selector":{"b":"2","a":"1"}})",
             R"({"selector":{"a":"1","b":"2"}})", true},
        Case{"one more label of an object does not", R"({"labels":{"a":"1","b":"2"}})",
             R"({"labels":{"a":"1"}})", true},
        Case{"one more toleration counts", R"([{"key":"a"},{"key":"b"}])", R"([{"key":"a"}])",
             false},
        Case{"one more metric counts", R"([{"type":"Resource"},{"type":"Pods"}])",
             R"([{"type":"Resource"}])", false},
        Case{"1 and \"1\" differ", R"({"a":1})", R"({"a":"1"})", false}));

}  // namespace
}  // namespace slipway
