#include "operator/run/audit_log.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <sstream>

namespace slipway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A disk that takes so many bytes more.
class Disk {
 public:
  AuditLog::Sink Sink() {
    return [this](std::string_view text, std::string& why) {
      const MutexLock lock(mutex_);
      const std::size_t taken = std::min(text.size(), room_);
      room_ -= taken;
      text_ += text.substr(0, taken);
      if (taken < text.size()) why = "No space left on device";
      return taken;
    };
  }
  void SetRoom(std::size_t room) {
    const MutexLock lock(mutex_);
    room_ = room;
  }
  /// The lines that are JSON.
  std::vector<json> Records() {
    const MutexLock lock(mutex_);
    std::vector<json> records;
    std::istringstream lines(text_);
    for (std::string line; std::getline(lines, line);) {
      json record = json::parse(line, nullptr, false);
      if (!record.is_discarded()) records.push_back(std::move(record));
    }
    return records;
  }
  static constexpr std::size_t kEndless = 1U << 30U;

 private:
  Mutex mutex_;
  std::string text_ SLIPWAY_GUARDED_BY(mutex_);
  std::size_t room_ SLIPWAY_GUARDED_BY(mutex_) = kEndless;
};

void ExpectChained(const std::vector<json>& records) {
  json prev;
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i]["seq"], i + 1);
    EXPECT_EQ(records[i]["prev"], prev);
    EXPECT_EQ(records[i]["hash"], audit::HashOf(records[i]));
    prev = records[i]["hash"];
  }
}

AuditEntry Entry(const std::string& name) {
  return {{{"action", "Create"}, {"object", {{"name", name}}}}, {}, {}, {}, {}};
}

class AuditLogTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  Metrics metrics_{clock_};
  Disk disk_;
  AuditLog log_{disk_.Sink(), "me", metrics_, clock_};
};

TEST_F(AuditLogTest, OpensRecordsAndCloses) {
  EXPECT_FALSE(log_.Head());
  log_.SetCluster("cluster-uid");
  log_.Open({"ns/slipway", 3, "former:7:hash"});
  log_.Open({"ns/slipway", 4, "x"});  // It leads again, and goes on.
  log_.Record(Entry("a"));
  log_.Close();
  log_.Record(Entry("late"));
  log_.Flush();
  const auto records = disk_.Records();
  ASSERT_THAT(records, SizeIs(3));
  ExpectChained(records);
  EXPECT_EQ(records[0]["action"], "Opened");
  EXPECT_EQ(records[0]["cluster"], "cluster-uid");
  EXPECT_EQ(records[0]["lease"], "ns/slipway");
  EXPECT_EQ(records[0]["term"], 3);
  EXPECT_EQ(records[0]["follows"], "former:7:hash");
  EXPECT_EQ(records[2]["action"], "Closed");
  ASSERT_TRUE(log_.Head());
  EXPECT_EQ(log_.Head()->hash, records[2]["hash"]);
}

TEST_F(AuditLogTest, WhoHasNeverLedClosesNothing) {
  log_.Close();
  EXPECT_THAT(disk_.Records(), IsEmpty());
}

TEST_F(AuditLogTest, DigestsAreThoseOfTheObjects) {
  AuditEntry entry = Entry("a");
  entry.before = R"({"metadata":{"uid":"u","resourceVersion":"4"},"spec":1})";
  entry.after = R"({"metadata":{"uid":"u","resourceVersion":"5"},"spec":2})";
  entry.sent = "body";
  log_.Record(entry);
  entry.before.reset();
  entry.before_version = "4";
  entry.after.reset();
  log_.Record(entry);
  log_.Flush();
  const auto records = disk_.Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0]["before"]["resourceVersion"], "4");
  EXPECT_EQ(records[0]["before"]["sha256"],
            audit::StateOf(R"({"metadata":{"uid":"u"},"spec":1})")->sha256);
  EXPECT_EQ(records[0]["after"]["resourceVersion"], "5");
  EXPECT_NE(records[0]["after"]["sha256"], records[0]["before"]["sha256"]);
  EXPECT_EQ(records[0]["object"]["uid"], "u");
  EXPECT_THAT(records[0]["sent"].get<std::string>(), SizeIs(64));
  EXPECT_EQ(records[1]["before"], json({{"resourceVersion", "4"}}));
}

TEST_F(AuditLogTest, AFullDiskIsToldOfByTheNextRecordThatCanBeWritten) {
  log_.Record(Entry("a"));
  log_.Flush();
  disk_.SetRoom(40);  // Half a line.
  log_.Record(Entry("b"));
  log_.Record(Entry("c"));
  log_.Flush();
  EXPECT_EQ(log_.Head()->seq, 1U);
  disk_.SetRoom(Disk::kEndless);
  log_.Record(Entry("d"));
  log_.Flush();
  const auto records = disk_.Records();
  ASSERT_THAT(records, SizeIs(3));
  ExpectChained(records);
  EXPECT_EQ(records[1]["action"], "Lost");
  EXPECT_EQ(records[1]["lost"], 2);
  EXPECT_EQ(records[1]["why"], "No space left on device");
  EXPECT_EQ(records[2]["object"]["name"], "d");
  EXPECT_THAT(metrics_.Render(), HasSubstr("slipway_audit_records_total{result=\"lost\"} 2\n"));
  EXPECT_THAT(metrics_.Render(), HasSubstr("slipway_audit_records_total{result=\"written\"} 3\n"));
}

TEST_F(AuditLogTest, WhereverALineIsCutTheChainGoesOn) {
  log_.Record(Entry("a"));
  log_.Flush();
  const std::size_t length = audit::ToText(disk_.Records()[0]).size() + 1;
  for (std::size_t room = 0; room < length + 80; ++room) {
    Disk disk;
    AuditLog log(disk.Sink(), "me", metrics_, clock_);
    log.Record(Entry("a"));
    log.Flush();
    disk.SetRoom(room);
    log.Record(Entry("b"));
    log.Record(Entry("c"));
    log.Flush();
    disk.SetRoom(Disk::kEndless);
    log.Record(Entry("d"));
    log.Flush();
    const auto records = disk.Records();
    ASSERT_GE(records.size(), 3U) << room;
    ExpectChained(records);
    EXPECT_EQ(records.back()["object"]["name"], "d");
    EXPECT_EQ(records[records.size() - 2]["action"], "Lost");
  }
}

TEST_F(AuditLogTest, ADiskThatHangsHoldsNobodyUp) {
  std::latch go(1);
  std::atomic<int> calls = 0;
  AuditLog log(
      [&](std::string_view text, std::string&) {
        if (calls++ == 0) go.wait();
        return text.size();
      },
      "me", metrics_, clock_);
  AuditEntry large = Entry("a");
  large.after = std::string(1U << 20U, 'x');
  for (int i = 0; i < 20; ++i) log.Record(large);
  EXPECT_FALSE(log.Head());
  go.count_down();
  log.Flush();
  log.Record(Entry("b"));
  log.Flush();
  EXPECT_THAT(metrics_.Render(), HasSubstr("slipway_audit_records_total{result=\"lost\"} 1"));
}

}  // namespace
}  // namespace slipway
