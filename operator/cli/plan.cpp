#include "operator/cli/plan.hpp"

#include <fmt/format.h>

#include <istream>
#include <ostream>

#include "crds/gen/embedded.hpp"
#include "crds/gen/yaml.hpp"
#include "operator/cli/manifest.hpp"
#include "operator/cli/preview.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kRemarks =
    "\nNot checked here: rules between fields, which only the API server knows; ask it with\n"
    "  kubectl apply --dry-run=server -f FILE\n"
    "* stands for a hash of the object's UID, which the API server gives.\n";

class Planning {
 public:
  Planning(const PlanOptions& options, std::ostream& out, std::ostream& problems, Instant now)
      : options_(options), out_(out), problems_(problems), now_(now) {}

  int Run(std::istream& input) {
    auto crds = crdgen::EmbeddedCrds();
    if (!crds) return Complain(crds.error().message), kExitError;
    crds_ = std::move(*crds);
    for (const std::string& file : options_.files) {
      const Reading reading = ReadDocuments(file, input);
      for (const std::string& problem : reading.problems) Complain(problem);
      for (const Document& document : reading.documents) Take(document);
    }
    // Only now: a job may come before its runtime.
    for (const auto& [lead, object] : admitted_) Plan(lead, object);
    if (planned_ == 0 && !failed_) Complain("the manifests hold no object of Slipway");
    Finish();
    return failed_ ? kExitError : kExitFine;
  }

 private:
  void Complain(const std::string& problem) {
    problems_ << "error: " << Line(problem) << "\n";
    failed_ = true;
  }

  void Take(const Document& document) {
    const std::string lead = fmt::format("{}: {}", document.Where(), Title(document));
    if (!IsOurs(document)) {
      problems_ << Line(lead) << " is left out: it is no kind of Slipway\n";
      return;
    }
    const auto object = Admit(crds_, document, options_.ns, now_);
    if (!object) {
      for (const std::string& problem : object.error()) Complain(lead + ": " + problem);
      return;
    }
    admitted_.emplace_back(lead, *object);
    objects_.push_back(*object);
  }

  void Plan(const std::string& lead, const json& object) {
    if (IsLookedUp(object)) {
      problems_ << Line(lead) << ": nothing is created for it; others begin with it\n";
      ++planned_;
      return;
    }
    const auto preview = MakePreview(object, objects_, now_);
    if (!preview) return Complain(lead + ": " + preview.error().message);
    Show(*preview, object);
    if (preview->stalled) Complain(lead + " could never run: " + preview->message);
  }

  void Show(const Preview& preview, const json& object) {
    if (options_.output == Output::kText) {
      if (planned_ > 0) out_ << "\n";
      out_ << PreviewText(preview, object);
    }
    for (const json& child : preview.children) {
      if (options_.output == Output::kYaml) {
        out_ << (items_.empty() ? "" : "---\n")
             << crdgen::DumpYaml(crdgen::Json::parse(child.dump()));
      }
      items_.push_back(child);
    }
    ++planned_;
  }

  void Finish() {
    if (options_.output == Output::kJson) {
      out_ << json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items_}}.dump(2) << "\n";
    }
    if (options_.output == Output::kText && planned_ > 0) out_ << kRemarks;
  }

  const PlanOptions& options_;
  std::ostream& out_;
  std::ostream& problems_;
  const Instant now_;
  std::vector<crdgen::Crd> crds_;
  std::vector<std::pair<std::string, json>> admitted_;
  std::vector<json> objects_;
  json items_ = json::array();
  std::size_t planned_ = 0;
  bool failed_ = false;
};

}  // namespace

int RunPlan(const PlanOptions& options, std::istream& input, std::ostream& out,
            std::ostream& problems, Instant now) {
  return Planning(options, out, problems, now).Run(input);
}

}  // namespace slipway::cli
