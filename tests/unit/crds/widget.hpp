#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace slipway::crdgen {

/// A CRD that breaks no rule of crdlint; tests break it in one place at a time.
inline constexpr std::string_view kGoodCrd = R"(apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, shortNames: [wd], categories: [slipway]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp, description: Its age.}
    schema:
      openAPIV3Schema:
        type: object
        description: A widget.
        properties:
          metadata: {type: object}
          spec:
            type: object
            title: WidgetSpec
            description: What to make.
            x-kubernetes-validations:
            - {rule: self.size > 0, message: size must be positive}
            properties:
              size: {type: integer, format: int32, description: Its size., minimum: 0, maximum: 9}
              colour: {type: string, description: Its colour., enum: [Red, Blue]}
              name: {type: string, description: Its name., maxLength: 63}
              tags:
                type: array
                description: Its tags.
                maxItems: 3
                x-kubernetes-list-type: set
                items: {type: string, description: A tag., maxLength: 9}
              labels:
                type: object
                description: Its labels.
                maxProperties: 3
                additionalProperties: {type: string, description: A label., maxLength: 9}
          status:
            type: object
            title: WidgetStatus
            description: What was made.
            default: {observedGeneration: -1}
            required: [observedGeneration]
            properties:
              observedGeneration: {type: integer, format: int64, description: Generation seen.}
              conditions:
                type: array
                description: What is known.
                maxItems: 8
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  description: One aspect.
                  required: [type, observedGeneration]
                  properties:
                    type: {type: string, description: Its name., maxLength: 63}
                    observedGeneration: {type: integer, format: int64, description: As above.}
)";

/// kGoodCrd with one piece of text exchanged. Aborts the test when the piece is not there.
inline std::string WithChange(std::string_view from, std::string_view to) {
  std::string text(kGoodCrd);
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::invalid_argument("not in kGoodCrd: " + std::string(from));
  return text.replace(at, from.size(), to);
}

}  // namespace slipway::crdgen
