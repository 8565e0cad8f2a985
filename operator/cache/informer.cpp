#include "operator/cache/informer.hpp"

#include <algorithm>
#include <condition_variable>

#include "operator/base/log.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/retry.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;

/// As client-go's reflector, but not up to 30 s: after an outage users wait for whoever waits
/// longest, and a dozen small requests every few seconds do not hurt a server that comes back.
constexpr milliseconds kFirstDelay{800};
constexpr milliseconds kLongestDelay{2000};
/// A list of tens of thousands of objects takes the API server a while.
constexpr milliseconds kListDeadline{30000};

void StripUnlessOurs(ObjectMeta& meta) {
  const auto mark = meta.labels.find(labels::kManagedBy);
  if (mark != meta.labels.end() && mark->second == labels::kManagedByValue) return;
  meta.labels.clear();
  meta.annotations.clear();
}

}  // namespace

Informer::Informer(Client& client, Store& store, AnyResource resource,
                   WatchMachine::Options options, Metrics& metrics, const Clock& clock,
                   OnChange on_change)
    : client_(client),
      store_(store),
      scope_(options.ns),
      resource_(std::move(resource)),
      machine_(std::move(options), *this),
      age_(metrics.WatchAge(resource_.type.plural)),
      undecodable_(metrics.UndecodableObjects(resource_.type.plural)),
      metrics_(metrics),
      clock_(clock),
      on_change_(std::move(on_change)) {
  store_.Expect(scope_);
}

void Informer::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Informer::TakeListFailure(const Error& error) {
  metrics_.WatchRestarts(resource_.type.plural, ToString(error.code)).Increment();
  const bool absent = resource_.may_be_absent && error.code == Code::kKindNotServed;
  if (!absent || !absent_) LogListFailure(error);
  absent_ = absent;
  if (!absent) return;
  age_.Touch(clock_.Steady());  // That there are none is known.
  OnListStart();
  OnListComplete({});
}

void Informer::LogListFailure(const Error& error) const {
  if (error.code != Code::kKindNotServed)
    return log::Warn("list failed", {{"error", error.message}});
  log::Warn(
      "list failed: this kind is not served; install its CustomResourceDefinition, or look "
      "whether its API group is on",
      {{"apiVersion", resource_.type.ApiVersion()}, {"kind", resource_.type.kind}});
}

log::Scope Informer::LogScope() const {
  return log::Scope({{"resource", resource_.type.plural}, {"cluster", store_.Cluster().name}});
}

void Informer::Run(const std::stop_token& stop) {
  const log::Scope scope = LogScope();
  while (!stop.stop_requested()) {
    const auto step = machine_.Next();
    if (step.backoff_step > 0) Wait(step.backoff_step, stop);
    if (!stop.stop_requested()) Step(step, stop);
  }
}

void Informer::Step(const WatchMachine::Step& step, const std::stop_token& stop) {
  if (step.action == WatchMachine::Action::kList) {
    const auto confirmed = step.new_list ? client_.ConfirmCluster() : Result<void>();
    auto answer = confirmed ? client_.Send(step.request, kListDeadline)
                            : Result<HttpResponse>(tl::unexpected(confirmed.error()));
    if (answer) {
      absent_ = false;
      age_.Touch(clock_.Steady());
      return machine_.OnListPage(std::move(answer->body));
    }
    TakeListFailure(answer.error());
    return machine_.OnListPage(tl::unexpected(answer.error()));
  }
  const SteadyInstant started = clock_.Steady();
  // A server, or a proxy before it, may keep a stream open of which the rest means nothing.
  std::stop_source over;
  const std::stop_callback stops_too(stop, [&over] { over.request_stop(); });
  auto end = client_.Stream(step.request, {}, over.get_token(), [&](std::string_view chunk) {
    const log::Scope scope = LogScope();  // Another thread's.
    age_.Touch(clock_.Steady());
    if (!machine_.OnChunk(chunk)) over.request_stop();
  });
  if (stop.stop_requested()) return;
  if (over.stop_requested()) end = {};
  if (end) {
    age_.Touch(clock_.Steady());
  } else {
    log::Info("watch ended", {{"error", end.error().message}});
    metrics_.WatchRestarts(resource_.type.plural, ToString(end.error().code)).Increment();
  }
  machine_.OnWatchEnd(end, std::chrono::duration_cast<milliseconds>(clock_.Steady() - started));
}

void Informer::Wait(unsigned backoff_step, const std::stop_token& stop) {
  const auto ceiling =
      std::min(kLongestDelay, kFirstDelay * (1U << std::min(backoff_step - 1, 6U)));
  std::uniform_int_distribution<std::int64_t> random(ceiling.count() / 2, ceiling.count());
  Mutex mutex;
  std::condition_variable_any stopped;
  const MutexLock lock(mutex);
  stopped.wait_for(mutex, stop, milliseconds(random(jitter_)), [] { return false; });
}

std::shared_ptr<Object> Informer::Decode(const JsonView& view) {
  auto meta = DecodeMeta(view);
  auto object = std::make_shared<Object>();
  object->type = resource_.type;
  Error why{Code::kInternal, "", {}};
  if (meta) {
    object->key = {store_.Cluster(), meta->ns, meta->name};
    object->meta = std::move(*meta);
    if (resource_.strips_others) StripUnlessOurs(object->meta);
    auto body = resource_.decode(view);
    if (body) {
      object->body = std::move(*body);
      if (resource_.keep_json) object->json = view.Dump();
      return object;
    }
    why = body.error();
  } else {
    why = meta.error();
  }
  undecodable_.Increment();
  log::Error("object skipped: it cannot be decoded",
             {{"object", object->key.ToString()}, {"error", why.message}});
  return nullptr;
}

void Informer::OnListStart() {
  listed_.clear();
  history_ = Store::History::kGoesOn;
}

void Informer::OnListItem(const JsonView& view) {
  if (auto object = Decode(view)) listed_.push_back(std::move(object));
}

void Informer::OnListComplete(const ResourceVersion& version) {
  const bool initial = !store_.Synced(scope_);
  for (const auto& object : store_.Replace(scope_, std::move(listed_), version, history_)) {
    on_change_(*object, initial);
  }
  listed_.clear();
}

void Informer::OnUpsert(const JsonView& view, const ResourceVersion&) {
  const ObjectPtr object = Decode(view);
  if (!object) return;
  const auto change = store_.Upsert(object);
  if (!change.accepted) return;
  on_change_(*object, false);
  // A child whose owner mark was changed concerns the owner that has lost it as well.
  if (change.before && OwnerUid(change.before->meta) != OwnerUid(object->meta)) {
    on_change_(*change.before, false);
  }
}

void Informer::OnDelete(const JsonView& view, const ResourceVersion& version) {
  const auto meta = DecodeMeta(view);
  if (!meta) return;
  const auto change = store_.Remove({store_.Cluster(), meta->ns, meta->name}, meta->uid, version);
  if (change.accepted) on_change_(*change.before, false);
}

void Informer::OnBookmark(const ResourceVersion& version) { store_.SeenUpTo(scope_, version); }

void Informer::OnRegression(const ResourceVersion& seen, const ResourceVersion& listed,
                            bool accepted) {
  log::Error("the API server answered with an older state than was seen before",
             {{"seen", seen.text}, {"listed", listed.text}, {"accepted", accepted}});
  if (accepted) history_ = Store::History::kRestored;
}

}  // namespace slipway
