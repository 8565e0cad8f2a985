#include "operator/cache/informer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

#include "operator/kube/pod_groups.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;

/// Serves a list of pods of which a transport takes only so many in one answer.
class PodServer final : public Transport {
 public:
  PodServer(int pods, int fit) : pods_(pods), fit_(fit) {}

  void SendAsync(HttpRequest request, milliseconds,
                 std::function<void(Result<HttpResponse>)> done) override {
    if (request.verb == "get") {
      return done(HttpResponse{200, R"({"metadata":{"uid":"the-cluster"}})", {}});
    }
    const int limit = Number(request.target, "limit=");
    if (std::min(limit, pods_) > fit_) return done(Fail(Code::kTooLarge, "too large"));
    ++good_pages;
    done(HttpResponse{200, Page(Number(request.target, "continue="), limit), {}});
  }

  /// A watch in which nothing happens.
  Result<void> Stream(HttpRequest, StreamLimits, std::stop_token stop,
                      std::function<void(std::string_view)>) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any stopped;
    stopped.wait(lock, stop, [] { return false; });
    return Fail(Code::kUnavailable, "stopped");
  }

  std::atomic<int> good_pages{0};

 private:
  static int Number(const std::string& target, const std::string& name) {
    const auto at = target.find(name);
    return at == std::string::npos ? 0 : std::stoi(target.substr(at + name.size()));
  }
  std::string Page(int from, int limit) const {
    std::string items;
    const int end = std::min(from + limit, pods_);
    for (int i = from; i < end; ++i) {
      items += fmt::format(R"({}{{"metadata":{{"name":"p{}","namespace":"team","uid":"u{}",)"
                           R"("resourceVersion":"{}"}}}})",
                           i == from ? "" : ",", i, i, i + 1);
    }
    return fmt::format(R"({{"metadata":{{"resourceVersion":"500","continue":"{}"}},"items":[{}]}})",
                       end < pods_ ? std::to_string(end) : "", items);
  }

  const int pods_;
  const int fit_;
};

class NoCredentials final : public CredentialSource {
 public:
  std::shared_ptr<const Credentials> Current() override {
    return std::make_shared<const Credentials>();
  }
  bool Refresh() override { return false; }
};

TEST(Informer, GetsAListWhosePagesAreTooLargeAtFirst) {
  SystemClock clock;
  Metrics metrics(clock);
  auto transport = std::make_unique<PodServer>(75, 15);
  PodServer& server = *transport;
  Client client(kHomeCluster, std::move(transport), std::make_shared<NoCredentials>(), metrics,
                clock);
  Store store(kHomeCluster, kPods.type);
  std::atomic<int> told{0};
  Informer informer(client, store, kPods, {kPods.type, "", ""}, metrics, clock,
                    [&](const Object&, bool initial) { told += initial ? 1 : 1000; });
  informer.Start();
  while (told < 75) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(store.Synced());
  EXPECT_EQ(store.Size(), 75U);
  EXPECT_EQ(told, 75);
  EXPECT_EQ(server.good_pages, 7) << "six of 12 and one of 3";
}

/// Tells what a test lets it tell.
class ToldServer final : public Transport {
 public:
  void SendAsync(HttpRequest request, milliseconds,
                 std::function<void(Result<HttpResponse>)> done) override {
    if (request.verb == "get") {
      return done(HttpResponse{200, R"({"metadata":{"uid":"the-cluster"}})", {}});
    }
    ++lists;
    done(HttpResponse{200, restored ? kBackup : kToday, {}});
  }

  /// A watch that says that too much has changed since, once the cluster is another one, and then
  /// neither says more nor ends.
  Result<void> Stream(HttpRequest, StreamLimits, std::stop_token stop,
                      std::function<void(std::string_view)> tell) override {
    while (!restored && !stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    tell(R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})"
         "\n");
    while (!stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    return Fail(Code::kUnavailable, "stopped");
  }

  std::atomic<bool> restored{false};
  std::atomic<int> lists{0};

 private:
  static constexpr auto kToday =
      R"({"metadata":{"resourceVersion":"500"},"items":[
          {"metadata":{"name":"kept","namespace":"team","uid":"u1","resourceVersion":"400"}},
          {"metadata":{"name":"new","namespace":"team","uid":"u2","resourceVersion":"450"}}]})";
  static constexpr auto kBackup =
      R"({"metadata":{"resourceVersion":"100"},"items":[
          {"metadata":{"name":"kept","namespace":"team","uid":"u1","resourceVersion":"90"}}]})";
};

/// Does not serve the kind at first, then serves one object of it, and then does so no more.
class InstalledLater final : public Transport {
 public:
  void SendAsync(HttpRequest request, milliseconds,
                 std::function<void(Result<HttpResponse>)> done) override {
    if (request.verb == "get") {
      return done(HttpResponse{200, R"({"metadata":{"uid":"the-cluster"}})", {}});
    }
    ++lists;
    if (!installed) return done(Fail(Code::kKindNotServed, "404 page not found"));
    done(HttpResponse{200, kOne, {}});
  }

  Result<void> Stream(HttpRequest, StreamLimits, std::stop_token stop,
                      std::function<void(std::string_view)>) override {
    while (installed && !stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    return Fail(Code::kGone, "the kind is no more");
  }

  std::atomic<bool> installed{false};
  std::atomic<int> lists{0};

 private:
  static constexpr auto kOne = R"({"metadata":{"resourceVersion":"500"},"items":[
      {"metadata":{"name":"gang","namespace":"team","uid":"u1","resourceVersion":"400"}}]})";
};

TEST(Informer, TakesAKindThatMayBeAbsentForEmptyWhereItIs) {
  SystemClock clock;
  Metrics metrics(clock);
  auto transport = std::make_unique<InstalledLater>();
  InstalledLater& server = *transport;
  Client client(kHomeCluster, std::move(transport), std::make_shared<NoCredentials>(), metrics,
                clock);
  Store store(kHomeCluster, kVolcanoPodGroups.type);
  std::atomic<int> told{0};
  Informer informer(client, store, kVolcanoPodGroups, {kVolcanoPodGroups.type, "", ""}, metrics,
                    clock, [&](const Object&, bool) { ++told; });
  informer.Start();
  while (!store.Synced()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(store.Size(), 0U);
  server.installed = true;
  while (told < 1) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(store.Size(), 1U);
  server.installed = false;
  while (told < 2) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(store.Size(), 0U) << "its objects went with it";
}

TEST(Informer, WaitsForAKindThatMustBeThere) {
  SystemClock clock;
  Metrics metrics(clock);
  auto transport = std::make_unique<InstalledLater>();
  InstalledLater& server = *transport;
  Client client(kHomeCluster, std::move(transport), std::make_shared<NoCredentials>(), metrics,
                clock);
  Store store(kHomeCluster, kPods.type);
  Informer informer(client, store, kPods, {kPods.type, "", ""}, metrics, clock,
                    [](const Object&, bool) {});
  informer.Start();
  while (server.lists < 2) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_FALSE(store.Synced());
}

TEST(Informer, TakesTheStateOfARestoredClusterOnceItIsSureOfIt) {
  SystemClock clock;
  Metrics metrics(clock);
  auto transport = std::make_unique<ToldServer>();
  ToldServer& server = *transport;
  Client client(kHomeCluster, std::move(transport), std::make_shared<NoCredentials>(), metrics,
                clock);
  Store store(kHomeCluster, kPods.type);
  Informer informer(client, store, kPods, {kPods.type, "", ""}, metrics, clock,
                    [](const Object&, bool) {});
  informer.Start();
  const auto version = [&](const std::string& name) {
    const auto object = store.Find({kHomeCluster, "team", name});
    return object ? object->meta.resource_version.text : "";
  };
  while (version("new") != "450") std::this_thread::sleep_for(milliseconds(1));
  server.restored = true;
  while (version("kept") != "90") std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(version("new"), "") << "the backup does not have it";
  EXPECT_EQ(server.lists, 1 + WatchMachine::kRegressionPatience);
}

}  // namespace
}  // namespace slipway
