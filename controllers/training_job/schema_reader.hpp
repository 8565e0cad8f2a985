#pragma once

#include "controllers/training_job/report_reader.hpp"

namespace slipway::training_job {

/// Reads what a program says that its model takes and gives:
///
///   {"inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, 24]}], "outputs": [...]}
class SchemaReader : public ReportReader {
 protected:
  api::ModelSchema ReadSchema(const JsonView& given);

 private:
  std::vector<api::Tensor> Tensors(const JsonView& given, std::string_view member);
  api::Tensor ReadTensor(const JsonView& given, std::string_view member);
};

}  // namespace slipway::training_job
