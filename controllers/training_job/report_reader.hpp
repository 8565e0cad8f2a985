#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::training_job {

/// Whether text can stand in a status as it is: 1 to `max` bytes, none of them a control character.
bool IsText(std::string_view text, std::size_t max);

/// What the readers of what a program says of itself share. Keeps the first complaint; what the CRD
/// would not let a status hold is refused here, since the API server would refuse the whole status
/// for it.
class ReportReader {
 public:
  /// What is wrong, with the member, its value and the rule; empty when nothing is.
  const std::string& Complaint() const { return complaint_; }

 protected:
  void Refuse(std::string_view member, const JsonView& value, std::string_view rule);
  JsonView Object(const JsonView& report, std::string_view member);
  std::string Name(const JsonView& value, std::string_view member);
  /// Metrics as an object of numbers by name, or as a list of objects with name and value. What is
  /// no number, as null for one that is not finite, is left out.
  std::vector<api::MetricValue> Metrics(const JsonView& given, std::size_t most);

 private:
  void AddMetric(std::vector<api::MetricValue>& metrics, std::size_t most, std::string name,
                 const JsonView& value);

  std::string complaint_;
};

}  // namespace slipway::training_job
