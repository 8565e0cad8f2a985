#include "operator/cli/image_name.hpp"

#include <gmock/gmock.h>

namespace slipway::cli {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Named {
  std::string text;
  std::string whole;  ///< Empty: it is no name of an image.
};

TEST(ImageName, IsFilledInAsContainerRuntimesDo) {
  const std::vector<Named> names{
      {"busybox", "docker.io/library/busybox:latest"},
      {"busybox:1.36", "docker.io/library/busybox:1.36"},
      {"bitnami/redis", "docker.io/bitnami/redis:latest"},
      {"docker.io/busybox", "docker.io/library/busybox:latest"},
      {"index.docker.io/library/busybox:1", "docker.io/library/busybox:1"},
      {"localhost/a", "localhost/a:latest"},
      {"registry:5000/a/b:1.0", "registry:5000/a/b:1.0"},
      {"registry:5000/a/b", "registry:5000/a/b:latest"},
      {"registry.corp/a@" + kDigest, "registry.corp/a@" + kDigest},
      {"registry.corp/a:1.0@" + kDigest, "registry.corp/a:1.0@" + kDigest},
      {"[fd00::1]:5000/a:1", "[fd00::1]:5000/a:1"},
      {"a_b/c__d/e--f.g", "docker.io/a_b/c__d/e--f.g:latest"},
  };
  for (const Named& named : names) {
    const auto name = ParseImageName(named.text);
    ASSERT_TRUE(name) << named.text;
    EXPECT_EQ(name->Text(), named.whole);
    EXPECT_EQ(ParseImageName(name->Text())->Text(), named.whole) << "is not stable";
  }
}

TEST(ImageName, IsRefusedWhereARuntimeWouldRefuseIt) {
  const std::vector<std::string> texts{
      "",
      ":1",
      "@",
      "a@",
      "a:",
      "A",
      "a b",
      "a//b",
      "a/",
      "/a",
      "a:1:2",
      "a@sha256:12",
      "a@md5:12",
      "a:-1",
      "a:\n",
      "a\x1b[31m",
      "reg.x:port/a",
      "https://reg.x/a",
      "reg.x/A",
      "a@" + kDigest + "@" + kDigest,
      std::string(300, 'a'),
      "a:" + std::string(129, '1'),
      std::string(100'000, 'a'),
      "a@" + kDigest + "0",
  };
  for (const std::string& text : texts) EXPECT_FALSE(ParseImageName(text)) << text;
}

TEST(Mirror, TheLongestSourceWins) {
  const std::vector<Mirror> mirrors{
      ParseMirror("docker.io=registry.corp/hub").value(),
      ParseMirror("docker.io/library=registry.corp:5000/base").value()};
  const auto in = [&](const char* text) {
    return NameInMirror(ParseImageName(text).value(), mirrors);
  };
  EXPECT_EQ(in("bitnami/redis:7"), "registry.corp/hub/bitnami/redis:7");
  EXPECT_EQ(in("busybox:1"), "registry.corp:5000/base/busybox:1");
  EXPECT_EQ(in("libraryx/busybox:1"), "registry.corp/hub/libraryx/busybox:1");
  EXPECT_EQ(in("quay.io/a:1"), std::nullopt);
  EXPECT_EQ(in("docker.io.evil/a:1"), std::nullopt);
}

TEST(Mirror, IsRefusedWithTheWayOut) {
  for (const char* text : {"", "docker.io", "=x", "docker.io=", "a=b=c", "a b=c", "a=b/"}) {
    const auto mirror = ParseMirror(text);
    ASSERT_FALSE(mirror) << text;
    EXPECT_THAT(mirror.error().message, testing::HasSubstr("must be SOURCE=MIRROR"));
    EXPECT_THAT(mirror.error().message, testing::HasSubstr("docker.io=registry.corp/hub"));
  }
}

}  // namespace
}  // namespace slipway::cli
