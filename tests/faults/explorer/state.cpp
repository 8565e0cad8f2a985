#include "tests/faults/explorer/state.hpp"

#include <algorithm>

#include "operator/kube/labels.hpp"

namespace slipway::explorer {
namespace {

void Add(std::string& bytes, std::uint32_t value) {
  while (value >= 0x80) {
    bytes += static_cast<char>(0x80 | (value & 0x7F));
    value >>= 7U;
  }
  bytes += static_cast<char>(value);
}

void Add(std::string& bytes, const std::vector<Blob>& blobs) {
  Add(bytes, static_cast<std::uint32_t>(blobs.size()));
  for (const Blob blob : blobs) Add(bytes, blob);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t Number() {
    std::uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
  }
  template <class T>
  T Number() {
    return static_cast<T>(Number());
  }
  std::vector<Blob> List() {
    std::vector<Blob> blobs(Number());
    for (Blob& blob : blobs) blob = Number();
    return blobs;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Encode(const State& state) {
  std::string bytes;
  bytes.reserve(64);
  Add(bytes, state.faults);
  Add(bytes, state.edits);
  Add(bytes, state.ticks);
  Add(bytes, state.objects);
  for (const auto& stalled : state.stalled) {
    Add(bytes, stalled.on ? stalled.behind * 2U + (stalled.waits ? 1U : 0U) + 1U : 0U);
    if (stalled.on) Add(bytes, stalled.objects);
  }
  for (const auto& pass : state.passes) {
    Add(bytes, pass.plan);
    Add(bytes, static_cast<std::uint32_t>(pass.results.size()));
    for (const FailureId result : pass.results) {
      Add(bytes, result == Pass::kPending ? 0U : result + 1U);
    }
    Add(bytes, static_cast<std::uint32_t>(pass.open + 1));
    Add(bytes, pass.seen);
    Add(bytes, (pass.confirmed ? 4U : 0U) + (pass.left ? 2U : 0U) + (pass.moved ? 1U : 0U));
  }
  Add(bytes, 0);
  return bytes;
}

State Decode(std::string_view bytes, std::size_t kinds) {
  Reader reader(bytes);
  State state;
  state.faults = reader.Number<std::uint8_t>();
  state.edits = reader.Number<std::uint8_t>();
  state.ticks = reader.Number<std::uint8_t>();
  state.objects = reader.List();
  state.stalled.resize(kinds);
  for (auto& stalled : state.stalled) {
    const auto behind = reader.Number();
    stalled.on = behind > 0;
    if (!stalled.on) continue;
    stalled.behind = static_cast<std::uint8_t>((behind - 1) / 2);
    stalled.waits = (behind - 1) % 2 == 1;
    stalled.objects = reader.List();
  }
  while (const PlanId plan = reader.Number()) {
    Pass pass;
    pass.plan = plan;
    pass.results.resize(reader.Number());
    for (auto& result : pass.results) {
      const auto number = reader.Number();
      result = number == 0 ? Pass::kPending : static_cast<FailureId>(number - 1);
    }
    pass.open = static_cast<std::int8_t>(static_cast<int>(reader.Number()) - 1);
    pass.seen = reader.Number();
    const auto flags = reader.Number();
    pass.confirmed = (flags & 4U) != 0;
    pass.left = (flags & 2U) != 0;
    pass.moved = flags % 2 == 1;
    state.passes.push_back(std::move(pass));
  }
  return state;
}

Blob Worlds::Find(const State& state, Name name) const {
  for (const Blob blob : state.objects) {
    if (blobs_[blob].name == name) return blob;
  }
  return 0;
}

Blob Worlds::Resource(const State& state) const {
  const bool exists = !state.objects.empty() && blobs_[state.objects.front()].kind == 0;
  return exists ? state.objects.front() : 0;
}

void Worlds::Put(State& state, Name name, Blob next) const {
  const Blob before = Find(state, name);
  if (before == next) return;
  const std::size_t kind = blobs_[before == 0 ? next : before].kind;
  const auto place = std::ranges::lower_bound(state.objects, name, {},
                                              [&](Blob blob) { return blobs_[blob].name; });
  if (before == 0) {
    state.objects.insert(place, next);
  } else if (next == 0) {
    state.objects.erase(place);
  } else {
    *place = next;
  }
  if (kind == 0) {
    for (auto& pass : state.passes) pass.moved = true;
  }
  Stalled& stalled = state.stalled[kind];
  if (stalled.on && ++stalled.behind > lag_) stalled = {};
}

bool Worlds::Shows(Blob blob, const std::string& uid) const {
  const Facts& facts = blobs_[blob];
  if (facts.kind == 0) return true;
  if (!facts.visible) return false;
  const auto label = facts.object->meta.labels.find(labels::kOwnerUid);
  return label != facts.object->meta.labels.end() && label->second == uid;
}

std::vector<Blob> Worlds::View(const State& state) const {
  const auto stops = [&](std::size_t kind) {
    return state.stalled[kind].on && !state.stalled[kind].waits;
  };
  const std::vector<Blob>& own = state.stalled.front().objects;
  const Blob resource = !stops(0) ? Resource(state) : own.empty() ? 0 : own.front();
  if (resource == 0) return {};
  const std::string& uid = blobs_[resource].uid;
  std::vector<Blob> view{resource};
  const auto add = [&](Blob blob) {
    if (Shows(blob, uid)) view.push_back(blob);
  };
  for (const Blob blob : state.objects) {
    const std::size_t kind = blobs_[blob].kind;
    if (kind != 0 && !stops(kind)) add(blob);
  }
  for (std::size_t kind = 1; kind < state.stalled.size(); ++kind) {
    if (stops(kind)) std::ranges::for_each(state.stalled[kind].objects, add);
  }
  std::ranges::sort(view.begin() + 1, view.end(), {}, [&](Blob blob) { return blobs_[blob].name; });
  return view;
}

std::vector<Blob> Worlds::FullView(const State& state) const {
  State awake;
  awake.objects = state.objects;
  awake.stalled.resize(state.stalled.size());
  return View(awake);
}

std::uint8_t Worlds::FreshUid(const State& state, Name name, const Plans& plans) const {
  unsigned used = 0;
  const auto mark = [&](Blob blob) {
    if (blob == 0 || blobs_[blob].name != name) return;
    const std::string& uid = blobs_[blob].uid;
    used |= 1U << static_cast<unsigned>(uid.back() - '0');
  };
  for (const Blob blob : state.objects) mark(blob);
  for (const auto& stalled : state.stalled) {
    for (const Blob blob : stalled.objects) mark(blob);
  }
  for (const auto& pass : state.passes) {
    mark(pass.seen);
    for (const Blob blob : plans[pass.plan].view) mark(blob);
  }
  std::uint8_t number = 0;
  while ((used >> number) & 1U) ++number;
  return number;
}

}  // namespace slipway::explorer
