#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controllers/model_version/mlflow_record.hpp"
#include "operator/base/result.hpp"

/// How a version gets into MLflow, by its REST API
/// (https://mlflow.org/docs/latest/api_reference/rest-api.html).
namespace slipway::model_version {

/// A call of "/api/2.0/mlflow/PATH"; a GET when there is no body.
struct MlflowCall {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  nlohmann::json body;
};

/// Answers with the body of a success, and with errors as ReadMlflowAnswer does.
using MlflowServer = std::function<Result<nlohmann::json>(const MlflowCall&)>;

/// What an HTTP answer means. Errors: kUnauthorized (401, 403), kNotFound and kAlreadyExists in
/// MLflow's own sense, kInvalid (any other refusal), kThrottled, kUnavailable (5xx), and kInternal
/// when the answer is none of MLflow. Messages have MLflow's words.
Result<nlohmann::json> ReadMlflowAnswer(int status, std::string_view body);

/// Where a version is in MLflow.
struct MlflowPlace {
  std::string model;
  std::string version;
  std::string experiment_id;
  std::string run_id;
};

/// Brings MLflow to hold the record. Everything is looked for before it is made, and looked for
/// again afterwards, so that this may be broken off anywhere and done again: a run is known by the
/// version's UID, a version of the registered model by its run. Of several, the first one counts.
/// What is there already is not written again.
Result<MlflowPlace> MirrorInto(const MlflowServer& server, const MlflowRecord& record);

}  // namespace slipway::model_version
