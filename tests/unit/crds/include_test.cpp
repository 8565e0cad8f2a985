#include "crds/gen/include.hpp"

#include <gmock/gmock.h>

namespace slipway::crdgen {
namespace {

using testing::HasSubstr;

constexpr const char* kJobs = R"(kind: CustomResourceDefinition
spec:
  group: example.com
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            title: JobSpec
            description: What to run.
            x-kubernetes-validations:
            - rule: self.image == oldSelf.image
              message: >-
                image is
                immutable
            - rule: self.size > 0
              message: size must be positive
            properties:
              image:
                type: string
                description: >-
                  Image of
                  the job.
                x-kubernetes-validations:
                - rule: self == oldSelf
                  message: immutable
              oldSelf: {type: string}

              size: {type: integer}
              tags:
                type: array
                items:
                  type: string
                  x-kubernetes-validations:
                  - {rule: self == oldSelf, message: no}
                  - {rule: self != 'a', message: yes}
          status:
            type: object
)";

constexpr const char* kHead = R"(spec:
  properties:
    # Another text at the marker's indent: no key.
    job:
      description: The template.
)";

std::string Region(const std::string& inside, const std::string& what = "jobs.yaml spec") {
  return "      # BEGIN include " + what + "\n" + inside + "      # END include\n";
}

constexpr const char* kTail = "    other: {type: string}\n";

Result<std::string> Filled(const std::string& text) {
  return FillIncludes({{"jobs.yaml", kJobs}, {"a.yaml", text}}, "a.yaml");
}

constexpr const char* kIncluded = R"(      type: object
      title: JobSpec
      x-kubernetes-validations:
      - rule: self.size > 0
        message: size must be positive
      properties:
        image:
          type: string
          description: >-
            Image of
            the job.
        oldSelf: {type: string}

        size: {type: integer}
        tags:
          type: array
          items:
            type: string
            x-kubernetes-validations:
            - {rule: self != 'a', message: yes}
)";

TEST(Include, HoldsTheSchemaWithoutTransitionRulesAndWhatStandsAbove) {
  const auto filled = Filled(kHead + Region("") + kTail);
  ASSERT_TRUE(filled) << filled.error().message;
  EXPECT_EQ(*filled, kHead + Region(kIncluded) + kTail);
}

TEST(Include, ReplacesWhatTheRegionHeld) {
  const auto filled = Filled(kHead + Region("      stale: true\n") + kTail);
  ASSERT_TRUE(filled) << filled.error().message;
  EXPECT_EQ(*filled, kHead + Region(kIncluded) + kTail);
  EXPECT_EQ(Filled(*filled).value_or(""), *filled) << "not stable";
}

TEST(Include, MayBeAPartOfTheSpec) {
  const auto filled = Filled(kHead + Region("", "jobs.yaml spec.image"));
  ASSERT_TRUE(filled) << filled.error().message;
  EXPECT_EQ(*filled, kHead + Region("      type: string\n", "jobs.yaml spec.image"));
}

TEST(Include, LeavesAFileWithoutRegionAsItIs) {
  EXPECT_EQ(Filled(kHead).value_or(""), kHead);
  const auto all = FillAllIncludes({{"jobs.yaml", kJobs}, {"a.yaml", kHead}});
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->empty());
}

std::string Refusal(const std::string& text, const std::string& source = kJobs) {
  const auto filled = FillIncludes({{"jobs.yaml", source}, {"a.yaml", text}}, "a.yaml");
  return filled ? "" : filled.error().message;
}

TEST(Include, RefusesWhatItCannotFill) {
  EXPECT_EQ(Refusal(kHead + Region("", "gone.yaml spec")),
            "a.yaml:6: there is no file gone.yaml beside this one");
  EXPECT_EQ(Refusal(kHead + Region("", "jobs.yaml spec.gone")),
            "a.yaml:6: jobs.yaml has no schema spec.gone");
  EXPECT_EQ(Refusal(std::string(kHead) + "      # BEGIN include jobs.yaml spec\n"),
            "a.yaml:6: needs a line '      # END include' below it");
  EXPECT_THAT(Refusal(kHead + Region(""), "a: [b"), HasSubstr("is not YAML"));
}

TEST(Include, RefusesARuleThatItCannotLeaveOut) {
  std::string source = kJobs;
  const std::string size = "size: {type: integer}";
  source.replace(source.find(size), size.size(),
                 "size: {type: integer, x-kubernetes-validations: [{rule: oldSelf == self}]}");
  EXPECT_THAT(Refusal(kHead + Region(""), source),
              HasSubstr("write each rule on lines of its own"));
}

TEST(Include, RefusesASourceThatIncludesItself) {
  std::string source = kJobs;
  const std::string size = "              size: {type: integer}\n";
  source.replace(source.find(size), size.size(),
                 size + "              # BEGIN include a.yaml spec\n");
  EXPECT_THAT(Refusal(kHead + Region(""), source), HasSubstr("includes do not nest"));
}

}  // namespace
}  // namespace slipway::crdgen
