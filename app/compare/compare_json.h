#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "app/compare/comparison.h"

namespace glim::app {

/// Everything, with stable names: settings, panes, prompts with answers, drift per token, splits, grafts,
/// votes.
nlohmann::ordered_json comparison_json(const Comparison& comparison);

/// Turns what is new since the last call into events, one object each:
/// {"t": "load" | "tok" | "answer" | "drift" | "error" | "end", ...}.
class CompareEvents {
 public:
  std::vector<nlohmann::ordered_json> changes(const Comparison& comparison);
  nlohmann::ordered_json end(const Comparison& comparison) const;

 private:
  struct Seen {
    std::size_t tokens = 0;
    bool over = false, drift = false;
  };
  std::vector<std::vector<Seen>> seen_;  ///< by prompt and pane
  std::vector<std::int32_t> loads_;      ///< by pane
  std::vector<bool> failed_;
};

}  // namespace glim::app
