#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/token.h"
#include "engine/engine.h"

namespace glim {

/// How far a result of a stage is from that of another backend which had the same inputs.
struct StageDistance {
  std::string_view stage;   ///< a name of tensor/ops.h
  std::string_view result;  ///< a tensor of that stage
  std::int32_t layer = -1;  ///< of the worst step and layer; -1 outside of layers
  double distance = 0;     ///< |found - expected| / |expected|, all rows of a step together; infinite for NaN
  std::int64_t count = 0;  ///< results that were compared
};

struct Lockstep {
  std::string expected, found;       ///< descriptions of the backends
  std::vector<StageDistance> worst;  ///< of every stage and result, in the order of a step
  std::vector<StageDistance>
      beyond;  ///< the first results that are further away than the tolerance, in order
  std::int64_t choices = 0, other_choices = 0;  ///< experts of a row, and those that the other did not choose
};

struct LockstepRules {
  std::int32_t rows = 32;   ///< tokens of the first step; the others come one by one
  double tolerance = 2e-3;  ///< a distance beyond it is reported
};

/// Runs the tokens with the backend of `expected` and keeps what every stage gave; then with that of `found`,
/// whose results are compared and replaced by the kept ones, so that an error does not reach the next stage.
/// `attend` is compared through `value`, because backends may leave its results in parts. Both take the
/// model, and the KV type, of their own options. Throws what TextModel throws; E901 when `go_on` says so.
Lockstep run_in_lockstep(const EngineOptions& expected, const EngineOptions& found,
                         const std::vector<TokenId>& tokens, const LockstepRules& rules,
                         const std::function<bool()>& go_on);

/// The tokens of a text as `model` has them. Throws what reading its vocabulary throws.
std::vector<TokenId> tokens_of(const std::string& model, std::string_view text);

}  // namespace glim
