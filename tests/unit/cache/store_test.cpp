#include "operator/cache/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "operator/cache/cache.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace {

ObjectPtr Pod(const std::string& name, const std::string& uid, int version,
              const std::string& owner_uid = "") {
  auto pod = std::make_shared<Object>();
  pod->type = kPods.type;
  pod->key = {kHomeCluster, "team", name};
  pod->meta.name = name;
  pod->meta.uid = uid;
  pod->meta.resource_version.text = std::to_string(version);
  if (!owner_uid.empty()) pod->meta.labels[std::string(labels::kOwnerUid)] = owner_uid;
  pod->body = std::make_shared<const PodView>();
  return pod;
}

std::vector<std::string> Names(std::vector<ObjectPtr> objects) {
  std::vector<std::string> names;
  for (const auto& object : objects) names.push_back(object->key.name);
  std::sort(names.begin(), names.end());
  return names;
}

class StoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> OwnedBy(const std::string& uid) {
    std::vector<ObjectPtr> owned;
    store_.AppendOwned(uid, owned);
    return Names(owned);
  }
  ObjectKey Key(const std::string& name) { return {kHomeCluster, "team", name}; }

  Store store_{kHomeCluster, kPods.type};
};

using Strings = std::vector<std::string>;

TEST_F(StoreTest, AnOlderVersionOfTheSameObjectIsDropped) {
  EXPECT_TRUE(store_.Upsert(Pod("a", "u1", 10)).accepted);
  EXPECT_FALSE(store_.Upsert(Pod("a", "u1", 9)).accepted);
  EXPECT_FALSE(store_.Upsert(Pod("a", "u1", 10)).accepted);
  EXPECT_EQ(store_.Find(Key("a"))->meta.resource_version.text, "10");
}

TEST_F(StoreTest, VersionsAreComparedAsNumbersNotTexts) {
  store_.Upsert(Pod("a", "u1", 9));
  EXPECT_TRUE(store_.Upsert(Pod("a", "u1", 10)).accepted);
}

TEST_F(StoreTest, ANewObjectOfTheSameNameReplacesTheOldOne) {
  store_.Upsert(Pod("a", "u1", 10, "owner"));
  EXPECT_TRUE(store_.Upsert(Pod("a", "u2", 12, "other")).accepted);
  EXPECT_TRUE(OwnedBy("owner").empty());
  EXPECT_EQ(OwnedBy("other"), Strings{"a"});
}

TEST_F(StoreTest, ALateDeleteOfThePredecessorDoesNotTouchTheNewObject) {
  store_.Upsert(Pod("a", "u2", 12));
  EXPECT_FALSE(store_.Remove(Key("a"), "u1", {"11"}).accepted);
  EXPECT_NE(store_.Find(Key("a")), nullptr);
  EXPECT_TRUE(store_.Remove(Key("a"), "u2", {"13"}).accepted);
  EXPECT_EQ(store_.Find(Key("a")), nullptr);
}

TEST_F(StoreTest, ReplaceReturnsWhatAppearedChangedOrVanished) {
  store_.Replace("", {Pod("same", "u1", 1), Pod("changed", "u2", 2), Pod("gone", "u3", 3, "o")},
                 {"3"});
  const auto changed = store_.Replace(
      "", {Pod("same", "u1", 1), Pod("changed", "u2", 5), Pod("new", "u4", 6)}, {"6"});
  EXPECT_EQ(Names(changed), (Strings{"changed", "gone", "new"}));
  EXPECT_TRUE(OwnedBy("o").empty());
  EXPECT_EQ(store_.Size(), 3u);
}

TEST_F(StoreTest, AListOlderThanAnEventDoesNotTakeTheEventBack) {
  store_.Upsert(Pod("a", "u1", 10));
  store_.Replace("", {Pod("a", "u1", 7)}, {"8"});
  EXPECT_EQ(store_.Find(Key("a"))->meta.resource_version.text, "10");
  EXPECT_EQ(store_.Seen("team"), 10u);
}

TEST_F(StoreTest, AListOfARestoredClusterTakesBackWhatIsNewer) {
  store_.Replace("", {Pod("newer", "u1", 90, "o"), Pod("equal", "u2", 15), Pod("gone", "u3", 80)},
                 {"100"});
  const auto changed = store_.Replace("", {Pod("newer", "u1", 10), Pod("equal", "u2", 15)}, {"20"},
                                      Store::History::kRestored);
  EXPECT_EQ(Names(changed), (Strings{"equal", "gone", "newer"}));
  EXPECT_EQ(store_.Find(Key("newer"))->meta.resource_version.text, "10");
  EXPECT_EQ(store_.Find(Key("gone")), nullptr);
  EXPECT_TRUE(OwnedBy("o").empty());
  EXPECT_EQ(store_.Seen("team"), 20u);
  EXPECT_TRUE(store_.Upsert(Pod("newer", "u1", 21)).accepted) << "life goes on from there";
  EXPECT_EQ(store_.Seen("team"), 21u);
  // Only that list is believed so.
  store_.Replace("", {Pod("newer", "u1", 10)}, {"22"});
  EXPECT_EQ(store_.Find(Key("newer"))->meta.resource_version.text, "21");
}

TEST_F(StoreTest, IsSyncedOnlyAfterAWholeList) {
  store_.Upsert(Pod("a", "u1", 10));
  EXPECT_FALSE(store_.Synced());
  store_.Replace("", {}, {"11"});
  EXPECT_TRUE(store_.Synced());
}

TEST_F(StoreTest, BookmarksRaiseWhatWasSeen) {
  store_.SeenUpTo("", {"42"});
  store_.SeenUpTo("", {"41"});
  store_.SeenUpTo("", {"not a number"});
  EXPECT_EQ(store_.Seen("team"), 42u);
}

TEST(ScopedStore, KeepsTheNamespacesApart) {
  Store store(kHomeCluster, kPods.type);
  store.Expect("team");
  store.Expect("other");
  store.Replace("team", {Pod("a", "u1", 10)}, {"10"});
  EXPECT_TRUE(store.Synced("team"));
  EXPECT_FALSE(store.Synced());
  store.Replace("other", {}, {"20"});
  EXPECT_TRUE(store.Synced());
  EXPECT_EQ(store.Size(), 1u);
  EXPECT_EQ(store.Seen("team"), 10u);
  EXPECT_EQ(store.Seen("other"), 20u);
}

class IndexTest : public StoreTest {
 protected:
  IndexTest() {
    store_.AddIndex("letter", [](const Object& pod) {
      return Strings{pod.key.name.substr(0, 1), pod.meta.uid.substr(0, 1)};
    });
  }
  Strings Under(const std::string& text) {
    std::vector<ObjectPtr> found;
    store_.AppendIndexed("letter", text, found);
    return Names(found);
  }
};

TEST_F(IndexTest, FindsWhatIsThereUnderEachOfItsTexts) {
  store_.Upsert(Pod("a1", "u", 1));
  store_.Upsert(Pod("a2", "v", 2));
  EXPECT_EQ(Under("a"), (Strings{"a1", "a2"}));
  EXPECT_EQ(Under("v"), Strings{"a2"});
  EXPECT_TRUE(Under("x").empty());
  std::vector<ObjectPtr> found;
  store_.AppendIndexed("no such index", "a", found);
  EXPECT_TRUE(found.empty());
}

TEST_F(IndexTest, FollowsChangesDeletesAndLists) {
  store_.Upsert(Pod("a1", "u", 1));
  store_.Upsert(Pod("a1", "v", 2));
  EXPECT_TRUE(Under("u").empty());
  EXPECT_EQ(Under("v"), Strings{"a1"});
  store_.Replace("", {Pod("b1", "w", 3)}, {"5"});
  EXPECT_TRUE(Under("a").empty());
  EXPECT_EQ(Under("b"), Strings{"b1"});
  store_.Remove(Key("b1"), "w", {"6"});
  EXPECT_TRUE(Under("b").empty());
}

TEST(ScopedStore, RestoresOneNamespaceOnly) {
  Store store(kHomeCluster, kPods.type);
  store.Expect("team");
  store.Expect("other");
  store.Replace("team", {Pod("a", "u1", 90)}, {"100"});
  store.Replace("other", {}, {"100"}, Store::History::kRestored);
  EXPECT_EQ(store.Size(), 1u);
  EXPECT_EQ(store.Seen("team"), 100u);
  store.Replace("other", {}, {"20"}, Store::History::kRestored);
  EXPECT_EQ(store.Seen("team"), 100u);
  EXPECT_EQ(store.Seen("other"), 20u);
}

TEST(OwnerKey, ComesFromTheAnnotation) {
  ObjectMeta meta;
  EXPECT_EQ(OwnerKey(meta), std::nullopt);
  meta.annotations[std::string(labels::kOwner)] = "team/job.with.dots";
  EXPECT_EQ(OwnerKey(meta), (ObjectKey{kHomeCluster, "team", "job.with.dots"}));
  meta.annotations[std::string(labels::kOwner)] = "nonsense";
  EXPECT_EQ(OwnerKey(meta), std::nullopt);
}

TEST(Cache, TakesTheResourceAndItsChildrenOfEveryCluster) {
  constexpr ResourceType kJobs{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};
  Cache cache;
  auto job = std::make_shared<Object>(*Pod("job", "job-uid", 1));
  job->type = kJobs;
  cache.StoreFor(kHomeCluster, kJobs).Upsert(job);
  cache.StoreFor(kHomeCluster, kPods.type).Upsert(Pod("here", "p1", 2, "job-uid"));
  cache.StoreFor(kHomeCluster, kPods.type).Upsert(Pod("of-another", "p2", 3, "other-uid"));
  auto remote = std::make_shared<Object>(*Pod("there", "p3", 4, "job-uid"));
  remote->key.cluster = {"aks"};
  cache.StoreFor({"aks"}, kPods.type).Upsert(remote);

  const Snapshot world = cache.Take(kJobs, job->key);
  Strings names;
  for (const auto& pod : world.All(kPods)) names.push_back(pod.key.ToString());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (Strings{"aks:team/there", "team/here"}));
  EXPECT_TRUE(cache.Take(kJobs, {kHomeCluster, "team", "absent"}).All(kPods).empty());
}

TEST(Cache, TakesWhatTheViewsShowOfTheResourcesCluster) {
  constexpr ResourceType kJobs{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};
  Cache cache;
  auto job = std::make_shared<Object>(*Pod("job", "job-uid", 1));
  job->type = kJobs;
  cache.StoreFor(kHomeCluster, kJobs).Upsert(job);
  for (const ClusterId& cluster : {ClusterId(kHomeCluster), ClusterId{"aks"}}) {
    Store& pods = cache.StoreFor(cluster, kPods.type);
    pods.AddIndex("name", [](const Object& pod) { return Strings{pod.key.name}; });
    pods.AddIndex("first",
                  [](const Object& pod) { return Strings{pod.key.name < "c" ? "yes" : ""}; });
    for (const char* name : {"a", "b", "c"}) {
      const bool own = std::string(name) == "c";  // Which is in view already.
      auto pod =
          std::make_shared<Object>(*Pod(name, std::string("u") + name, 2, own ? "job-uid" : ""));
      pod->key.cluster = cluster;
      pods.Upsert(pod);
    }
  }
  const auto names = [](const Object&) { return Strings{"b", "c"}; };
  const Snapshot world = cache.Take(kJobs, job->key, {{kPods.type, "name", names}});
  Strings seen;
  for (const auto& pod : world.All(kPods)) seen.push_back(pod.key.ToString());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Strings{"aks:team/c", "team/b", "team/c"}));

  // In two ways, by which b is found twice.
  const auto first = [](const Object&) { return Strings{"yes"}; };
  const Snapshot more =
      cache.Take(kJobs, job->key, {{kPods.type, "name", names}, {kPods.type, "first", first}});
  seen.clear();
  for (const auto& pod : more.All(kPods)) seen.push_back(pod.key.ToString());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Strings{"aks:team/c", "team/a", "team/b", "team/c"}));
}

TEST(Cache, AResourceThatLooksUpItsOwnKindIsThereOnce) {
  Cache cache;
  Store& pods = cache.StoreFor(kHomeCluster, kPods.type);
  pods.AddIndex("all", [](const Object&) { return Strings{"all"}; });
  const auto one = Pod("one", "u1", 1);
  pods.Upsert(one);
  pods.Upsert(Pod("two", "u2", 2));
  const auto all = [](const Object&) { return Strings{"all"}; };
  const Snapshot world = cache.Take(kPods.type, one->key, {{kPods.type, "all", all}});
  Strings seen;
  for (const auto& pod : world.All(kPods)) seen.push_back(pod.key.name);
  EXPECT_EQ(seen, (Strings{"one", "two"}));
}

TEST(Cache, IsSyncedWhenEveryStoreIs) {
  Cache cache;
  Store& pods = cache.StoreFor(kHomeCluster, kPods.type);
  Store& services = cache.StoreFor(kHomeCluster, kServices.type);
  pods.Expect("");
  services.Expect("");
  pods.Replace("", {}, {"1"});
  EXPECT_FALSE(cache.Unsynced().empty());
  services.Replace("", {}, {"1"});
  EXPECT_TRUE(cache.Unsynced().empty());
}

}  // namespace
}  // namespace slipway
