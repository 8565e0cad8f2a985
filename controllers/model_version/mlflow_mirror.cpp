#include "controllers/model_version/mlflow_mirror.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>

#include "controllers/common/text.hpp"

namespace slipway::model_version {
namespace {

using nlohmann::json;

/// What one request may hold (mlflow/utils/validation.py).
constexpr std::size_t kMaxBatch = 100;
constexpr std::size_t kMaxWords = 512;

/// The member of that path, or null.
const json& At(const json& object, std::initializer_list<const char*> path) {
  static const json kNone;
  const json* found = &object;
  for (const char* name : path) {
    if (!found->is_object() || !found->contains(name)) return kNone;
    found = &(*found)[name];
  }
  return *found;
}

/// The items of a list; none when it is none.
const json::array_t& Items(const json& list) {
  static const json::array_t kNone;
  return list.is_array() ? list.get_ref<const json::array_t&>() : kNone;
}

/// As text; MLflow writes 64-bit numbers as numbers here and as texts there.
std::string Text(const json& object, std::initializer_list<const char*> path) {
  const json& found = At(object, path);
  if (found.is_string()) return found.get<std::string>();
  return found.is_number() ? found.dump() : std::string();
}

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

tl::unexpected<Error> NotMlflow(std::string_view why) {
  return Fail(Code::kInternal,
              fmt::format("the answer is none of MLflow: {}; check the tracking URI", why));
}

json KeysAndValues(const MlflowRecord::Texts& texts) {
  json list = json::array();
  for (const auto& [key, value] : texts) list.push_back({{"key", key}, {"value", value}});
  return list;
}

/// Keys in a list of {"key": ...}.
std::set<std::string> Keys(const json& list) {
  std::set<std::string> keys;
  for (const json& item : Items(list)) keys.insert(Text(item, {"key"}));
  return keys;
}

/// One pass from top to bottom; the first call that fails ends it.
class Mirror {
 public:
  Mirror(const MlflowServer& server, const MlflowRecord& record)
      : server_(server), record_(record) {}

  Result<MlflowPlace> Run() {
    const auto experiment = FindOrMake([this] { return FindExperiment(); }, "experiments/create",
                                       {{"name", record_.model}});
    if (!experiment) return tl::unexpected(experiment.error());
    const std::string experiment_id = Text(*experiment, {"experiment_id"});
    const auto run = FindOrMake([&] { return FindRun(experiment_id); }, "runs/create",
                                {{"experiment_id", experiment_id},
                                 {"run_name", record_.run_name},
                                 {"start_time", record_.time_ms},
                                 {"tags", KeysAndValues(record_.tags)}});
    if (!run) return tl::unexpected(run.error());
    if (auto filled = FillRun(*run); !filled) return tl::unexpected(filled.error());
    const auto model = FindOrMake([this] { return FindModel(); }, "registered-models/create",
                                  {{"name", record_.model}});
    if (!model) return tl::unexpected(model.error());
    const std::string run_id = Text(*run, {"info", "run_id"});
    const auto version = FindOrMake([&] { return FindVersion(run_id); }, "model-versions/create",
                                    {{"name", record_.model},
                                     {"source", SourceFor(run_id)},
                                     {"run_id", run_id},
                                     {"description", record_.description},
                                     {"tags", KeysAndValues(record_.tags)}});
    if (!version) return tl::unexpected(version.error());
    const std::string number = Text(*version, {"version"});
    if (auto set = SetAliases(*model, number); !set) return tl::unexpected(set.error());
    return MlflowPlace{record_.model, number, experiment_id, run_id};
  }

 private:
  using Found = Result<std::optional<json>>;

  /// MLflow takes no file of its own machine and no address of a web server
  /// (mlflow/server/handlers.py); a version then points into its run, and a tag has the address.
  std::string SourceFor(const std::string& run_id) const {
    const std::string_view uri = record_.source;
    const std::string_view scheme = uri.substr(0, uri.find(':'));
    const bool refused = scheme == "file" || scheme == "http" || scheme == "https";
    return refused ? fmt::format("runs:/{}/model", run_id) : record_.source;
  }

  Result<json> Get(std::string path, std::vector<std::pair<std::string, std::string>> query) {
    return server_({std::move(path), std::move(query), {}});
  }
  Result<json> Post(std::string path, json body) {
    return server_({std::move(path), {}, std::move(body)});
  }

  /// That a create says "exists already" is as good as its success: another one was faster, or an
  /// answer was lost.
  template <class Find>
  Result<json> FindOrMake(const Find& find, const char* path, const json& body) {
    Found found = find();
    if (!found) return tl::unexpected(found.error());
    if (*found) return std::move(**found);
    const auto made = Post(path, body);
    if (!made && made.error().code != Code::kAlreadyExists) return tl::unexpected(made.error());
    found = find();
    if (!found) return tl::unexpected(found.error());
    if (*found) return std::move(**found);
    return NotMlflow(fmt::format("what {} has made is not found", path));
  }

  /// nullopt when MLflow says that there is none.
  static Found OrNothing(Result<json> answer, const char* member, const char* identity) {
    if (!answer && answer.error().code == Code::kNotFound) return std::nullopt;
    if (!answer) return tl::unexpected(answer.error());
    const json& found = At(*answer, {member});
    if (Text(found, {identity}).empty()) {
      return NotMlflow(fmt::format("it has no {}.{}", member, identity));
    }
    return found;
  }

  Found FindExperiment() {
    Found found = OrNothing(Get("experiments/get-by-name", {{"experiment_name", record_.model}}),
                            "experiment", "experiment_id");
    if (found && *found && Text(**found, {"lifecycle_stage"}) == "deleted") {
      return Fail(Code::kInvalid,
                  fmt::format("experiment {} is deleted in MLflow; restore it there, or have it "
                              "removed for good (mlflow gc)",
                              record_.model));
    }
    return found;
  }

  Found FindRun(const std::string& experiment_id) {
    const auto answer =
        Post("runs/search", {{"experiment_ids", json::array({experiment_id})},
                             {"filter", fmt::format("tags.`{}` = '{}'", kUidTag, record_.uid)},
                             {"run_view_type", "ACTIVE_ONLY"},
                             {"max_results", kMaxBatch}});
    return First(answer, "runs", [](const json& run) {
      return std::pair{Number(Text(run, {"info", "start_time"})), Text(run, {"info", "run_id"})};
    });
  }

  Found FindModel() {
    return OrNothing(Get("registered-models/get", {{"name", record_.model}}), "registered_model",
                     "name");
  }

  Found FindVersion(const std::string& run_id) {
    auto answer = Get("model-versions/search",
                      {{"filter", fmt::format("run_id = '{}'", run_id)}, {"max_results", "100"}});
    if (answer && At(*answer, {"model_versions"}).is_array()) {
      std::erase_if((*answer)["model_versions"].get_ref<json::array_t&>(),
                    [&](const json& version) { return Text(version, {"name"}) != record_.model; });
    }
    return First(answer, "model_versions", [](const json& version) {
      return std::pair{Number(Text(version, {"version"})), std::string()};
    });
  }

  /// The first of a list by `order`; MLflow leaves an empty list out.
  template <class Order>
  static Found First(const Result<json>& answer, const char* member, const Order& order) {
    if (!answer) return tl::unexpected(answer.error());
    const json::array_t& items = Items(At(*answer, {member}));
    if (items.empty()) return std::nullopt;
    return *std::ranges::min_element(items, {}, order);
  }

  Result<void> FillRun(const json& run) {
    const std::string run_id = Text(run, {"info", "run_id"});
    const auto batches = MakeBatches(run);
    for (json batch : batches) {
      batch["run_id"] = run_id;
      if (auto logged = Post("runs/log-batch", std::move(batch)); !logged) {
        return tl::unexpected(logged.error());
      }
    }
    if (Text(run, {"info", "status"}) == "FINISHED") return {};
    const auto ended = Post(
        "runs/update", {{"run_id", run_id}, {"status", "FINISHED"}, {"end_time", record_.time_ms}});
    if (!ended) return tl::unexpected(ended.error());
    return {};
  }

  /// What the run lacks, as much in each as MLflow takes.
  std::vector<json> MakeBatches(const json& run) const {
    std::vector<json> batches;
    const auto add = [&](const char* kind, const json& list) {
      for (std::size_t i = 0; i < list.size(); i += kMaxBatch) {
        const auto end = static_cast<std::ptrdiff_t>(std::min(i + kMaxBatch, list.size()));
        if (batches.size() <= i / kMaxBatch) batches.emplace_back(json::object());
        batches[i / kMaxBatch][kind] =
            json(list.begin() + static_cast<std::ptrdiff_t>(i), list.begin() + end);
      }
    };
    add("tags", Without(KeysAndValues(record_.tags), Keys(At(run, {"data", "tags"}))));
    add("params", Without(KeysAndValues(record_.params), Keys(At(run, {"data", "params"}))));
    json metrics = json::array();
    for (const auto& [key, value] : record_.metrics) {
      metrics.push_back(
          {{"key", key}, {"value", value}, {"timestamp", record_.time_ms}, {"step", 0}});
    }
    add("metrics", Without(std::move(metrics), Keys(At(run, {"data", "metrics"}))));
    return batches;
  }

  static json Without(json list, const std::set<std::string>& there) {
    std::erase_if(list.get_ref<json::array_t&>(),
                  [&](const json& item) { return there.contains(Text(item, {"key"})); });
    return list;
  }

  Result<void> SetAliases(const json& model, const std::string& version) {
    for (const std::string& alias : record_.aliases) {
      const bool has = std::ranges::any_of(Items(At(model, {"aliases"})), [&](const json& item) {
        return Text(item, {"alias"}) == alias && Text(item, {"version"}) == version;
      });
      if (has) continue;
      const auto set = Post("registered-models/alias",
                            {{"name", record_.model}, {"alias", alias}, {"version", version}});
      if (!set) return tl::unexpected(set.error());
    }
    return {};
  }

  const MlflowServer& server_;
  const MlflowRecord& record_;
};

}  // namespace

Result<json> ReadMlflowAnswer(int status, std::string_view body) {
  json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (status == 200) {
    if (answer.is_object()) return answer;
    return NotMlflow("it is no JSON object");
  }
  const std::string code = Text(answer, {"error_code"});
  const std::string words = OneLine(code.empty() ? body : Text(answer, {"message"}), kMaxWords);
  const std::string message = fmt::format("HTTP {}{}{}: {}", status, code.empty() ? "" : " ", code,
                                          words.empty() ? "no message" : words);
  if (status == 401 || status == 403) return Fail(Code::kUnauthorized, message);
  if (status == 429) return Fail(Code::kThrottled, message);
  if (status >= 500) return Fail(Code::kUnavailable, message);
  if (code == "RESOURCE_DOES_NOT_EXIST") return Fail(Code::kNotFound, message);
  if (code == "RESOURCE_ALREADY_EXISTS") return Fail(Code::kAlreadyExists, message);
  if (code.empty()) return NotMlflow(message);
  return Fail(Code::kInvalid, message);
}

Result<MlflowPlace> MirrorInto(const MlflowServer& server, const MlflowRecord& record) {
  return Mirror(server, record).Run();
}

}  // namespace slipway::model_version
