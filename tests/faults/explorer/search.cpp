#include "tests/faults/explorer/search.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "tests/faults/explorer/environment.hpp"

namespace slipway::explorer {
namespace {

std::uint64_t Hash(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
    hash ^= hash >> 31U;
  }
  return hash;
}

/// All states found so far: their bytes one after another, and a table of their places. States are
/// compared whole, so that no two are ever taken for one.
class Visited {
 public:
  Visited() : table_(1U << 16U) {}

  /// The state's number, and whether it is new.
  std::pair<std::uint32_t, bool> Add(const std::string& bytes) {
    if ((begins_.size() + 1) * 3 > table_.size() * 2) Grow();
    std::size_t at = Hash(bytes) & (table_.size() - 1);
    for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
      if (Bytes(table_[at] - 1) == bytes) return {table_[at] - 1, false};
    }
    const auto number = static_cast<std::uint32_t>(begins_.size());
    begins_.push_back(bytes_.size());
    bytes_ += bytes;
    table_[at] = number + 1;
    return {number, true};
  }
  std::string_view Bytes(std::uint32_t state) const {
    const std::size_t end = state + 1 < begins_.size() ? begins_[state + 1] : bytes_.size();
    return std::string_view(bytes_).substr(begins_[state], end - begins_[state]);
  }
  std::uint32_t Size() const { return static_cast<std::uint32_t>(begins_.size()); }

 private:
  void Grow() {
    std::vector<std::uint32_t> table(table_.size() * 2);
    for (std::uint32_t state = 0; state < Size(); ++state) {
      std::size_t at = Hash(Bytes(state)) & (table.size() - 1);
      while (table[at] != 0) at = (at + 1) & (table.size() - 1);
      table[at] = state + 1;
    }
    table_ = std::move(table);
  }

  std::string bytes_;
  std::vector<std::uint64_t> begins_;
  std::vector<std::uint32_t> table_;
};

std::unique_ptr<Kind> MakeKind(const SearchOptions& options) {
  if (options.kind == "tj") return MakeTrainingJobKind(options.scenario);
  if (options.kind == "md") return MakeModelDeploymentKind(options.scenario);
  if (options.kind == "dm") return MakeDriftMonitorKind(options.scenario);
  throw std::runtime_error("no such kind: " + options.kind + "; there are tj, md and dm");
}

class Searcher {
 public:
  explicit Searcher(const SearchOptions& options)
      : options_(options),
        kind_(MakeKind(options)),
        blobs_(kind_->Planner()),
        writes_(blobs_, options.mutant),
        plans_(kind_->Planner(), blobs_, writes_, options.mutant,
               [this](const std::vector<Blob>& view, const Outcome& outcome) {
                 return kind_->CheckPlan(blobs_, view, outcome);
               }),
        worlds_(blobs_, options.limits.lag),
        machine_{
            blobs_,
            writes_,
            plans_,
            worlds_,
            options.limits,
            options.mutant,
            [this](Blob before, Blob after) { return kind_->CheckStatus(blobs_, before, after); }},
        settle_(*kind_, machine_) {}

  SearchResult Run();

 private:
  void Expand(std::uint32_t number);
  void Arrive(std::uint32_t from, State next, const Label& label);
  void CheckLive(std::uint32_t number, const State& state);
  void Moves(const State& state, const Emit& emit) const;
  std::vector<std::string> PathTo(std::uint32_t number) const;
  std::set<std::string> Seen() const;
  void Violate(std::uint32_t number, std::string why) {
    result_.violation = std::move(why);
    result_.path = PathTo(number);
  }

  const SearchOptions options_;
  const std::unique_ptr<Kind> kind_;
  Blobs blobs_;
  Writes writes_;
  Plans plans_;
  Worlds worlds_;
  const Machine machine_;
  Settle settle_;
  Visited visited_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint8_t> depths_;
  SearchResult result_;
};

void Searcher::Moves(const State& state, const Emit& emit) const {
  OperatorMoves(machine_, state, emit);
  CommonMoves(machine_, state, emit);
  kind_->Moves(machine_, state, emit);
}

void Searcher::Arrive(std::uint32_t from, State next, const Label& label) {
  if (!result_.violation.empty()) return;
  ++result_.transitions;
  const auto [number, fresh] = visited_.Add(Encode(next));
  if (fresh) {
    parents_.push_back(from);
    const unsigned depth = number == 0 ? 0 : depths_[from] + 1U;
    depths_.push_back(static_cast<std::uint8_t>(std::min(depth, 255U)));
    result_.depth = std::max<std::uint32_t>(result_.depth, depths_.back());
  }
  if (!label.violation.empty()) {
    Violate(from, std::string(label.violation));
    result_.path.push_back(Describe(machine_, label));
    return;
  }
  if (!fresh) return;
  if (auto why = kind_->CheckState(machine_, next); !why.empty()) {
    return Violate(number, std::move(why));
  }
  const bool chosen = number < options_.small || options_.sample <= 1 ||
                      Hash(visited_.Bytes(number)) % options_.sample == 0;
  if (chosen) CheckLive(number, next);
}

void Searcher::CheckLive(std::uint32_t number, const State& state) {
  ++result_.settled;
  auto why = settle_.Check(state);
  if (why.empty()) return;
  Violate(number, std::move(why));
  result_.path.emplace_back("-- from here on nothing goes wrong any more:");
  settle_.Check(state, &result_.path);
}

void Searcher::Expand(std::uint32_t number) {
  const State state = Decode(visited_.Bytes(number), kind_->Planner().owns.size() + 1);
  Moves(state, [&](State next, const Label& label) { Arrive(number, std::move(next), label); });
}

std::vector<std::string> Searcher::PathTo(std::uint32_t number) const {
  std::vector<std::uint32_t> way{number};
  while (way.back() != 0) way.push_back(parents_[way.back()]);
  std::ranges::reverse(way);
  const std::size_t kinds = kind_->Planner().owns.size() + 1;
  std::vector<std::string> path;
  for (std::size_t i = 0; i + 1 < way.size(); ++i) {
    const std::string wanted(visited_.Bytes(way[i + 1]));
    bool found = false;
    Moves(Decode(visited_.Bytes(way[i]), kinds), [&](const State& next, const Label& label) {
      if (found || Encode(next) != wanted) return;
      found = true;
      path.push_back(Describe(machine_, label));
    });
    if (!found) path.emplace_back("(a step that cannot be repeated)");
  }
  return path;
}

std::set<std::string> Searcher::Seen() const {
  std::set<std::string> seen;
  for (Blob blob = 1; blob <= blobs_.Size(); ++blob) {
    if (blobs_[blob].kind != 0) continue;
    const auto object = blobs_.Json(blob);
    const auto status = object.value("status", nlohmann::json::object());
    seen.insert(status.value("phase", "none"));
    for (const auto& item : status.value("conditions", nlohmann::json::array())) {
      if (item["type"] == "Ready") seen.insert("Ready/" + item["reason"].get<std::string>());
    }
  }
  return seen;
}

SearchResult Searcher::Run() {
  const auto begin = std::chrono::steady_clock::now();
  State first;
  first.objects.push_back(blobs_.Intern(kind_->Resource()));
  first.stalled.resize(kind_->Planner().owns.size() + 1);
  Arrive(0, std::move(first), {"the beginning"});
  std::uint32_t next = 0;
  const auto ends = [&] {
    return next == visited_.Size() || visited_.Size() >= options_.states ||
           !result_.violation.empty();
  };
  while (!ends()) {
    Expand(next++);
    if (options_.progress && next % 50'000 == 0) {
      fmt::print(stderr, "{} states, {} of them done, depth {}\n", visited_.Size(), next,
                 result_.depth);
    }
  }
  result_.states = visited_.Size();
  result_.exhausted = next == visited_.Size();
  result_.walked = settle_.Walked();
  result_.objects = blobs_.Size();
  result_.plans = plans_.Size();
  result_.seen = Seen();
  result_.time = std::chrono::steady_clock::now() - begin;
  return std::move(result_);
}

}  // namespace

SearchResult Search(const SearchOptions& options) { return Searcher(options).Run(); }

}  // namespace slipway::explorer
