#include "operator/kube/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/exec_plugin.hpp"
#include "operator/kube/file_watcher.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Files are also read this often, for file systems that announce nothing.
constexpr milliseconds kReadAgainAfter = 60s;
/// A certificate and its key are two files: wait for the second.
constexpr milliseconds kSettle = 100ms;
/// Several requests are refused at once when a token expires; one reading answers them all.
constexpr milliseconds kRefreshAtMostEvery = 1s;
constexpr milliseconds kPluginRetry = 10s;

class StaticCredentials final : public CredentialSource {
 public:
  explicit StaticCredentials(Credentials credentials)
      : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}
  std::shared_ptr<const Credentials> Current() override { return credentials_; }
  bool Refresh() override { return false; }

 private:
  const std::shared_ptr<const Credentials> credentials_;
};

std::string Trim(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

Result<std::string> Read(const TextSource& source, std::string_view what) {
  if (source.file.empty()) return source.text;
  std::ifstream file(source.file, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    return Fail(Code::kInvalid, fmt::format("{} file {} cannot be read or is empty; check that it "
                                            "exists and that this user may read it",
                                            what, source.file));
  }
  return text.str();
}

Result<Credentials> ReadAll(const ClusterConfig& config) {
  auto ca = Read(config.ca, "certificate-authority");
  auto certificate = Read(config.certificate, "client-certificate");
  auto key = Read(config.key, "client-key");
  auto token = Read(config.token, "token");
  for (const auto* part : {&ca, &certificate, &key, &token}) {
    if (!*part) return tl::unexpected(part->error());
  }
  return Credentials{std::move(*ca), std::move(*certificate), std::move(*key), Trim(*token)};
}

std::set<std::string> FilesOf(const ClusterConfig& config) {
  std::set<std::string> files;
  for (const TextSource* source : {&config.ca, &config.certificate, &config.key, &config.token}) {
    if (!source->file.empty()) files.insert(source->file);
  }
  return files;
}

/// When to run a plugin again: well before what it gave expires, but never in a tight loop.
Instant RenewalTime(const ExecCredential& credential, Instant now) {
  if (!credential.expires) return now + std::chrono::hours(24 * 365);
  const auto lifetime = *credential.expires - now;
  return now + std::max<milliseconds>(lifetime - std::min<milliseconds>(lifetime / 10, 60s),
                                      kPluginRetry);
}

/// Credentials from files and from a plugin, kept up to date by a thread of its own.
class LiveCredentials final : public CredentialSource {
 public:
  explicit LiveCredentials(ClusterConfig config)
      : config_(std::move(config)), watcher_(FilesOf(config_)) {}
  ~LiveCredentials() override {
    thread_.request_stop();
    watcher_.Interrupt();
  }
  LiveCredentials(const LiveCredentials&) = delete;
  LiveCredentials& operator=(const LiveCredentials&) = delete;

  Result<void> Start() {
    {
      const MutexLock lock(reading_);
      if (auto read = ReadOnce(true); !read) return tl::unexpected(read.error());
    }
    if (config_.exec || !FilesOf(config_).empty()) {
      thread_ = std::jthread([this](const std::stop_token& stop) { Follow(stop); });
    }
    return {};
  }

  std::shared_ptr<const Credentials> Current() override {
    const MutexLock lock(mutex_);
    return current_;
  }

  bool Refresh() override {
    const MutexLock lock(reading_);
    const SteadyInstant now = clock_.Steady();
    if (refreshed_ && now - *refreshed_ < kRefreshAtMostEvery) return refresh_changed_;
    const auto before = Current();
    if (auto read = ReadOnce(true); !read) Report(read.error());
    refreshed_ = now;
    refresh_changed_ = Current() != before;
    return refresh_changed_;
  }

 private:
  void Follow(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      watcher_.Wait(TimeToNextReading(), kSettle);
      if (stop.stop_requested()) return;
      const MutexLock lock(reading_);
      const bool renew = config_.exec && clock_.Now() >= renewal_;
      if (auto read = ReadOnce(renew); !read) Report(read.error());
    }
  }

  milliseconds TimeToNextReading() {
    const MutexLock lock(reading_);
    if (!config_.exec) return kReadAgainAfter;
    return std::clamp<milliseconds>(renewal_ - clock_.Now(), 1s, kReadAgainAfter);
  }

  /// Reads everything, runs the plugin if asked to, and publishes what is different.
  Result<void> ReadOnce(bool run_plugin) SLIPWAY_REQUIRES(reading_) {
    auto read = ReadAll(config_);
    if (!read) return tl::unexpected(std::move(read.error()));
    if (config_.exec && run_plugin) {
      renewal_ = clock_.Now() + kPluginRetry;
      auto given = RunExecPlugin(config_, read->ca_pem);
      if (!given) return tl::unexpected(std::move(given.error()));
      given_ = std::move(*given);
      renewal_ = RenewalTime(given_, clock_.Now());
    }
    if (!given_.token.empty()) read->token = given_.token;
    if (!given_.certificate_pem.empty()) {
      read->certificate_pem = given_.certificate_pem;
      read->key_pem = given_.key_pem;
    }
    Publish(std::move(*read));
    return {};
  }

  void Publish(Credentials credentials) {
    const MutexLock lock(mutex_);
    if (current_ && *current_ == credentials) return;
    const bool changed = current_ != nullptr;
    current_ = std::make_shared<const Credentials>(std::move(credentials));
    if (changed) log::Info("credentials have changed", {{"server", config_.server}});
  }

  void Report(const Error& error) const {
    log::Error("credentials cannot be read again; the former ones stay in use",
               {{"server", config_.server}, {"reason", error.message}});
  }

  const ClusterConfig config_;
  const SystemClock clock_;
  FileWatcher watcher_;

  Mutex reading_;  ///< Held while files are read or the plugin runs.
  ExecCredential given_ SLIPWAY_GUARDED_BY(reading_);
  Instant renewal_ SLIPWAY_GUARDED_BY(reading_){};
  std::optional<SteadyInstant> refreshed_ SLIPWAY_GUARDED_BY(reading_);
  bool refresh_changed_ SLIPWAY_GUARDED_BY(reading_) = false;

  Mutex mutex_;
  std::shared_ptr<const Credentials> current_ SLIPWAY_GUARDED_BY(mutex_);

  std::jthread thread_;  ///< Last, so that it ends before what it uses.
};

}  // namespace

std::shared_ptr<CredentialSource> MakeStaticCredentials(Credentials credentials) {
  return std::make_shared<StaticCredentials>(std::move(credentials));
}

Result<std::shared_ptr<CredentialSource>> MakeCredentialSource(const ClusterConfig& config) {
  auto credentials = std::make_shared<LiveCredentials>(config);
  if (auto started = credentials->Start(); !started) {
    return tl::unexpected(std::move(started.error()));
  }
  return credentials;
}

}  // namespace slipway
