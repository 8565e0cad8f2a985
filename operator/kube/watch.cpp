#include "operator/kube/watch.hpp"

#include <utility>

#include "operator/kube/status_error.hpp"

namespace slipway {
namespace {

/// A watch that ends sooner than this without a word counts as failed: a server that closes every
/// watch at once must not be asked in a tight loop.
constexpr std::chrono::milliseconds kShortestWatch = std::chrono::seconds(1);

ResourceVersion VersionOf(const JsonView& object) {
  return {object["metadata"]["resourceVersion"].Text()};
}

/// False when either is no number: then nothing can be said.
bool Older(const ResourceVersion& one, const ResourceVersion& other) {
  return other.AtLeast(one) && one.Number() != other.Number();
}

}  // namespace

WatchMachine::WatchMachine(Options options, WatchSink& sink)
    : options_(std::move(options)), sink_(sink) {}

WatchMachine::Step WatchMachine::Next() const {
  Step step;
  step.action = action_;
  step.backoff_step = last_step_failed_ ? failures_ : 0;
  if (action_ == Action::kList) {
    step.new_list = continue_token_.empty();
    // A list that outlives its continue token is too slow for pages: all at once then.
    const std::int32_t limit = token_expired_ ? 0 : options_.page_size;
    step.request = request::List(options_.type, options_.ns,
                                 {options_.label_selector, limit, continue_token_});
  } else {
    step.request = request::Watch(options_.type, options_.ns,
                                  {options_.label_selector, version_, options_.watch_timeout});
  }
  return step;
}

void WatchMachine::OnListPage(Result<std::string> body) {
  last_step_failed_ = false;
  if (!body) return OnListFailed(body.error());
  const auto version = ReadPage(std::move(*body));
  // A page may be a hundred times what an event is; its buffers are not kept for those.
  parser_ = JsonParser();
  if (!version) {
    ++counters_.unreadable_lines;
    StartListOver();
    Fail();
  } else if (continue_token_.empty()) {
    OnLastPage(*version);
  }
}

void WatchMachine::OnListFailed(const Error& error) {
  // 410: the continue token has expired. What came so far is no state of any moment.
  const bool expired = error.code == Code::kGone && !continue_token_.empty();
  const bool smaller = error.code == Code::kTooLarge && UseSmallerPages();
  token_expired_ = token_expired_ || expired;
  StartListOver();
  if (!expired && !smaller) Fail();
}

/// False when it was not the page size that made the answer too large, or there is no smaller one.
bool WatchMachine::UseSmallerPages() {
  // All at once is too much: pages again, even if they are slow. Not at once, because the two may
  // follow each other for ever.
  if (std::exchange(token_expired_, false)) return false;
  if (options_.page_size <= 1) return false;
  options_.page_size /= 2;
  return true;
}

/// Hands on the objects of a page and returns the list's version.
Result<ResourceVersion> WatchMachine::ReadPage(std::string body) {
  const auto page = parser_.Parse(body);
  std::string().swap(body);  // The parser has a copy.
  if (!page) return tl::unexpected(page.error());
  const ResourceVersion version = VersionOf(*page);
  const JsonView items = (*page)["items"];
  // Go writes an empty list as null. Without the member it is something else, say a Status, and
  // taking it for an empty list would mean that every object is gone.
  const bool is_list = items.IsArray() || items.IsNull();
  if (!is_list || version.Empty()) return slipway::Fail(Code::kInternal, "not a list");
  if (continue_token_.empty()) sink_.OnListStart();
  items.ForEach([this](const JsonView& item) { sink_.OnListItem(item); });
  continue_token_ = (*page)["metadata"]["continue"].Text();
  return version;
}

void WatchMachine::OnLastPage(const ResourceVersion& version) {
  if (Older(version, version_)) {
    const bool accepted = ++regressions_ >= kRegressionPatience;
    sink_.OnRegression(version_, version, accepted);
    if (!accepted) {
      Fail();
      return;
    }
  }
  regressions_ = 0;
  token_expired_ = false;
  version_ = version;
  sink_.OnListComplete(version);
  action_ = Action::kWatch;
  partial_line_.clear();
  list_again_ = false;
  delivered_ = false;
}

bool WatchMachine::OnChunk(std::string_view chunk) {
  while (!chunk.empty() && !list_again_) {
    const std::size_t newline = chunk.find('\n');
    const std::string_view head = chunk.substr(0, newline);
    if (partial_line_.size() + head.size() > options_.max_line_bytes) {
      OnUnreadable();
    } else if (newline == std::string_view::npos) {
      partial_line_ += head;
    } else if (partial_line_.empty()) {
      OnLine(head);
    } else {
      partial_line_ += head;
      OnLine(partial_line_);
      partial_line_.clear();
    }
    if (newline == std::string_view::npos) break;
    chunk.remove_prefix(newline + 1);
  }
  return !list_again_;
}

void WatchMachine::OnLine(std::string_view line) {
  if (line.empty() || line == "\r") return;
  const auto event = parser_.Parse(line);
  if (!event || !event->IsObject()) {
    OnUnreadable();
    return;
  }
  if ((*event)["kind"].String() == "Status") {
    // Not an event at all, but how an answer looks that was meant to be an error.
    OnErrorStatus(*event);
  } else {
    OnEvent((*event)["type"].String().value_or(""), (*event)["object"]);
  }
}

void WatchMachine::OnUnreadable() {
  ++counters_.unreadable_lines;
  list_again_ = true;
  Fail();
}

void WatchMachine::OnEvent(std::string_view type, const JsonView& object) {
  if (type == "ERROR") {
    OnErrorStatus(object);
    return;
  }
  const bool upsert = type == "ADDED" || type == "MODIFIED";
  if (!upsert && type != "DELETED" && type != "BOOKMARK") {
    // Something has happened, and only a list can tell what.
    OnUnreadable();
    return;
  }
  const ResourceVersion version = VersionOf(object);
  if (!Advance(version)) return;
  delivered_ = true;
  failures_ = 0;
  if (upsert) {
    sink_.OnUpsert(object, version);
  } else if (type == "DELETED") {
    sink_.OnDelete(object, version);
  } else {
    sink_.OnBookmark(version);
  }
}

void WatchMachine::OnErrorStatus(const JsonView& status) {
  const Error error = DecodeStatus(status);
  list_again_ = true;
  // A watch that is refused at its start over and over must not become a tight loop.
  if (error.code != Code::kGone || !delivered_) Fail();
}

bool WatchMachine::Advance(const ResourceVersion& version) {
  if (version.Empty() || Older(version, version_)) {
    ++counters_.stale_events;
    return false;
  }
  version_ = version;
  return true;
}

void WatchMachine::OnWatchEnd(const Result<void>& end, std::chrono::milliseconds lived) {
  const bool failed_before_end = std::exchange(list_again_, false);
  partial_line_.clear();
  if (failed_before_end) {
    // The reason is known from the stream itself, and counted.
    last_step_failed_ = failures_ > 0;
    StartListOver();
  } else if (!end && end.error().code == Code::kGone) {
    last_step_failed_ = false;
    StartListOver();
    if (!delivered_) Fail();
  } else if (!end || (!delivered_ && lived < kShortestWatch)) {
    Fail();
  } else {
    last_step_failed_ = false;
    failures_ = 0;
  }
  delivered_ = false;
}

void WatchMachine::StartListOver() {
  action_ = Action::kList;
  continue_token_.clear();
}

void WatchMachine::Fail() {
  ++failures_;
  last_step_failed_ = true;
}

}  // namespace slipway
