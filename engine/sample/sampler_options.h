#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/token.h"

namespace glim {

enum class SamplerStage {
#define SAMPLER_STAGE(name) name,
#include "engine/sample/sampler_stages.def"
#undef SAMPLER_STAGE
};

inline constexpr const char* kSamplerStages[] = {
#define SAMPLER_STAGE(name) #name,
#include "engine/sample/sampler_stages.def"
#undef SAMPLER_STAGE
};

/// Every stage once, in the usual order.
std::vector<SamplerStage> default_sampler_order();

/// How the next token is chosen; what each number does is in README.md of this folder.
struct SamplerOptions {
#define SAMPLER_FIELD(type, name, standard, low, high, help) type name = static_cast<type>(standard);
#include "engine/sample/sampler_fields.def"
#undef SAMPLER_FIELD
  std::vector<std::string> dry_sequence_breakers = {"\n", ":", "\"", "*"};
  std::vector<std::pair<TokenId, float>> logit_bias;  ///< added to the logits; -infinity forbids the token
  std::vector<SamplerStage> order = default_sampler_order();
  std::optional<std::uint64_t> seed;  ///< none: a new one for each Sampler
};

/// One number of SamplerOptions, for profiles and command lines.
struct SamplerField {
  const char* name;
  std::variant<float SamplerOptions::*, int SamplerOptions::*> member;
  double standard, low, high;
  const char* help;

  bool is_integer() const { return member.index() == 1; }
  double value(const SamplerOptions& options) const;
  void set(SamplerOptions& options, double value) const;  ///< throws E603 outside low..high or for a fraction
};

inline constexpr SamplerField kSamplerFields[] = {
#define SAMPLER_FIELD(type, name, standard, low, high, help) \
  {#name, &SamplerOptions::name, standard, low, high, help},
#include "engine/sample/sampler_fields.def"
#undef SAMPLER_FIELD
};

const SamplerField* find_sampler_field(std::string_view name);

/// The order that a list of stage names means; "temp" and "typical_p" are understood too. A stage that is
/// left out does not take part. Throws E603 for an unknown or repeated name.
std::vector<SamplerStage> parse_sampler_order(std::span<const std::string> names);

/// Throws E603 with the first value that is out of its range.
void check(const SamplerOptions& options);

}  // namespace glim
