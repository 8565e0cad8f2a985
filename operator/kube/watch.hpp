#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/kube/identity.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/request.hpp"

namespace slipway {

/// Is told what the objects of one kind are. A view is valid within its call only.
///
/// A list comes as OnListStart, OnListItem for each object, OnListComplete. Only then has it
/// happened: when a second OnListStart follows instead, what came before it is void.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  virtual void OnListStart() = 0;
  virtual void OnListItem(const JsonView& object) = 0;
  virtual void OnListComplete(const ResourceVersion& version) = 0;
  virtual void OnUpsert(const JsonView& object, const ResourceVersion& version) = 0;
  virtual void OnDelete(const JsonView& object, const ResourceVersion& version) = 0;
  virtual void OnBookmark(const ResourceVersion& version) = 0;
  /// A complete list was older than what had been seen before: this server lags behind, or the
  /// cluster was restored from a backup. Nothing learnt from it may be acted on; the list is
  /// fetched again. After `WatchMachine::kRegressionPatience` such lists in a row the older state
  /// is believed, `accepted` is true and the list completes as usual.
  virtual void OnRegression(const ResourceVersion& seen, const ResourceVersion& listed,
                            bool accepted) = 0;
};

/// List and watch of one kind as a state machine without I/O and without a clock: it says which
/// request to send, is given what came of it, and tells a WatchSink.
///
///     +------> List --page--> List --last page--> Watch --clean end or broken--> Watch ...
///     |          ^  (410, or a page too large:      |
///     |          |   from the first page)           |
///     |          +----------------------------------+  410, ERROR event, unreadable stream
///     +- any failure: the same step again after a delay of BackoffStep()
///
/// The first list leaves resourceVersion unset, which is a consistent read; a watch continues
/// after the last version seen; a version never goes back (KEP-5504). Pages that turn out too large
/// are halved until they fit, for good: what the objects of a kind weigh is up to its users.
/// Not thread-safe.
class WatchMachine {
 public:
  struct Options {
    ResourceType type;
    std::string ns;  ///< Empty for all namespaces.
    std::string label_selector;
    /// Objects a page at first. Objects of everyday size make a page of well below a megabyte.
    std::int32_t page_size = 100;
    /// The server ends a watch after this time, so that a half-open connection is noticed soon.
    std::chrono::seconds watch_timeout{30};
    std::size_t max_line_bytes = 16U << 20U;
  };
  enum class Action { kList, kWatch };
  struct Step {
    Action action;
    HttpRequest request;
    bool new_list = false;  ///< The first page of a list, not one that goes on.
    /// 0: at once. n: this is the n-th try in a row after a failure; wait before it.
    unsigned backoff_step = 0;
  };
  struct Counters {
    std::uint64_t stale_events = 0;      ///< Dropped: older than what is known.
    std::uint64_t unreadable_lines = 0;  ///< Or of no known type. Each has caused a new list.
  };
  /// Lists in a row that may be older than what was seen before the older state is believed.
  static constexpr int kRegressionPatience = 5;

  WatchMachine(Options options, WatchSink& sink);

  /// What to do next.
  Step Next() const;
  /// The answer to a list request: a body of status 200, or what went wrong.
  void OnListPage(Result<std::string> body);
  /// Bytes of a watch's answer, cut anywhere. False when its rest means nothing: it is to be ended.
  bool OnChunk(std::string_view chunk);
  /// The watch's answer has ended after `lived`; an Error says that the server did not choose to.
  void OnWatchEnd(const Result<void>& end, std::chrono::milliseconds lived);

  const Counters& counters() const { return counters_; }
  /// The newest version seen; empty before the first list.
  const ResourceVersion& version() const { return version_; }

 private:
  void OnListFailed(const Error& error);
  bool UseSmallerPages();
  Result<ResourceVersion> ReadPage(std::string body);
  void StartListOver();
  void Fail();
  void OnLastPage(const ResourceVersion& version);
  void OnLine(std::string_view line);
  void OnUnreadable();
  void OnEvent(std::string_view type, const JsonView& object);
  void OnErrorStatus(const JsonView& status);
  bool Advance(const ResourceVersion& version);

  Options options_;
  WatchSink& sink_;
  JsonParser parser_;
  Counters counters_;

  Action action_ = Action::kList;
  std::string continue_token_;
  bool token_expired_ = false;
  ResourceVersion version_;
  int regressions_ = 0;
  unsigned failures_ = 0;
  bool last_step_failed_ = false;

  // Of the running watch:
  std::string partial_line_;
  bool list_again_ = false;  ///< The rest of the stream means nothing.
  bool delivered_ = false;   ///< Something understood has come.
};

}  // namespace slipway
