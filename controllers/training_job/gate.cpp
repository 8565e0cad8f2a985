#include "controllers/training_job/gate.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/decimal.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/registration.hpp"
#include "controllers/training_job/result.hpp"

namespace slipway::training_job {
namespace {

constexpr std::string_view kLatest = "latest";
constexpr std::string_view kEveryFinite = "0";

const std::string* ValueOf(const std::vector<api::MetricValue>& metrics, std::string_view name) {
  const auto found = std::ranges::find(metrics, name, &api::MetricValue::name);
  return found == metrics.end() ? nullptr : &found->value;
}

/// Whether `value` is better than `other` by `margin`, or as good when that is 0.
bool IsBetter(api::MetricGoal goal, std::string_view value, std::string_view other,
              std::string_view margin) {
  switch (goal) {
    case api::MetricGoal::kMaximize: return DiffersBy(value, other, margin);
    case api::MetricGoal::kMinimize: return DiffersBy(other, value, margin);
    case api::MetricGoal::kUnknown: return false;  // Of a later CRD: not to be passed by chance.
  }
  return false;
}

std::string_view Least(api::MetricGoal goal) {
  return goal == api::MetricGoal::kMinimize ? "at most" : "at least";
}

/// Collects what did not pass; the first reason is the one of the condition.
class GateJudge {
 public:
  void Refuse(std::string_view reason, const std::string& why) {
    if (verdict_.reason.empty()) verdict_.reason = reason;
    if (!why_.empty()) why_ += "; ";
    why_ += why;
  }

  void AddMetric(const api::GateMetric& metric, const std::vector<api::MetricValue>& reported) {
    api::JudgedMetric judged{metric.name, std::nullopt, metric.threshold, std::nullopt, false};
    if (const std::string* value = ValueOf(reported, metric.name)) {
      judged.value = *value;
      const std::string& threshold = metric.threshold.value_or(*value);
      judged.passed = IsBetter(metric.goal, *value, threshold, kEveryFinite);
      if (!judged.passed) {
        Refuse(reason::kThresholdMissed, fmt::format("{} is {}, but must be {} {}", metric.name,
                                                     *value, Least(metric.goal), threshold));
      }
    } else if (!reported.empty()) {  // Else it is said already that there is none at all.
      Refuse(reason::kMetricMissing,
             fmt::format("metric {} is not in the result, or is no finite number", metric.name));
    }
    verdict_.result.metrics.push_back(std::move(judged));
  }

  void Compare(const api::EvaluationGate& gate, const api::ModelVersion& champion) {
    const api::Comparison& comparison = *gate.compare_to;
    verdict_.result.compared_with = champion.meta.name;
    const auto judged =
        std::ranges::find(verdict_.result.metrics, comparison.metric, &api::JudgedMetric::name);
    const auto metric = std::ranges::find(gate.metrics, comparison.metric, &api::GateMetric::name);
    if (judged == verdict_.result.metrics.end() || metric == gate.metrics.end()) return;
    const std::string* best = ValueOf(champion.spec.metrics, comparison.metric);
    if (best == nullptr) {
      judged->passed = false;
      return Refuse(reason::kNothingToCompareWith,
                    fmt::format("ModelVersion {} has no metric {} to compare with",
                                champion.meta.name, comparison.metric));
    }
    judged->champion = *best;
    if (!judged->value) return;  // That it is missing is said already.
    if (IsBetter(metric->goal, *judged->value, *best, comparison.min_improvement)) return;
    judged->passed = false;
    Refuse(reason::kNotImproved,
           fmt::format("{} is {}, but must be better by {} than the {} of ModelVersion {}",
                       metric->name, *judged->value, comparison.min_improvement, *best,
                       champion.meta.name));
  }

  GateVerdict Finish() && {
    api::GateResult& result = verdict_.result;
    result.passed = verdict_.reason.empty();
    if (result.passed) verdict_.reason = reason::kGatePassed;
    result.message = OneLine(result.passed ? DescribePassed() : why_);
    return std::move(verdict_);
  }

 private:
  std::string DescribePassed() const {
    std::string text;
    for (const auto& metric : verdict_.result.metrics) {
      text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", metric.name, *metric.value);
      if (metric.champion) {
        text += fmt::format(" against {} of {}", *metric.champion, *verdict_.result.compared_with);
      }
    }
    return text;
  }

  GateVerdict verdict_;
  std::string why_;
};

void CompareWithChampion(GateJudge& judge, const api::EvaluationGate& gate,
                         const Observed& observed, const std::string& model) {
  if (gate.compare_to->alias) {
    if (const auto* champion = FindChampion(observed, model)) return judge.Compare(gate, *champion);
  }
  const std::string& wanted = gate.compare_to->version;
  if (wanted == kLatest) {
    if (const auto* newest = Newest(observed, model)) judge.Compare(gate, *newest);
    return;  // The first version of a model has nothing to be better than.
  }
  const auto* version = FindVersion(observed, model, wanted);
  if (version != nullptr) return judge.Compare(gate, *version);
  judge.Refuse(reason::kNothingToCompareWith,
               fmt::format("there is no ModelVersion {} of model {} in the namespace, which "
                           "spec.evaluation.compareTo.version names",
                           wanted, model));
}

}  // namespace

GateVerdict JudgeModel(const api::TrainingJob& job, const Observed& observed) {
  const api::EvaluationGate& gate = *job.spec.evaluation;
  const api::TrainingResult result = observed.result.value_or(api::TrainingResult{});
  GateJudge judge;
  if (result.problem) {
    judge.Refuse(reason::kResultUnreadable, *result.problem);
  } else if (result.metrics.empty()) {
    judge.Refuse(reason::kResultMissing,
                 fmt::format("{} has reported no metrics; have it write "
                             "{{\"metrics\": {{\"NAME\": NUMBER}}}} into the file that "
                             "SLIPWAY_RESULT_FILE names, {}",
                             WhoMeasures(job), ResultFile(job)));
  }
  for (const auto& metric : gate.metrics) judge.AddMetric(metric, result.metrics);
  if (gate.compare_to) CompareWithChampion(judge, gate, observed, ComparedModel(job));
  return std::move(judge).Finish();
}

}  // namespace slipway::training_job
