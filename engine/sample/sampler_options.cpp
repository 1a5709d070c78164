#include "engine/sample/sampler_options.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr std::pair<std::string_view, SamplerStage> kOtherNames[] = {
    {"temp", SamplerStage::temperature},
    {"typical_p", SamplerStage::typ_p},
};

std::optional<SamplerStage> stage_of(std::string_view name) {
  const auto at = std::find(std::begin(kSamplerStages), std::end(kSamplerStages), name);
  if (at != std::end(kSamplerStages)) return static_cast<SamplerStage>(at - std::begin(kSamplerStages));
  for (const auto& [other, stage] : kOtherNames) {
    if (name == other) return stage;
  }
  return std::nullopt;
}

void check_field(const SamplerField& field, double value) {
  // A limit stored as float may lie a rounding beside the decimal one.
  const double low = field.is_integer() ? field.low : static_cast<double>(static_cast<float>(field.low));
  const double high = field.is_integer() ? field.high : static_cast<double>(static_cast<float>(field.high));
  const bool whole = !field.is_integer() || value == std::floor(value);
  const bool inside = (value >= low || value == field.low) && (value <= high || value == field.high);
  if (inside && whole) return;
  throw Error(ErrorCode::E603,
              strf("sampling.%s: %g is not allowed; it must be %s from %g to %g", field.name, value,
                   field.is_integer() ? "a whole number" : "a number", field.low, field.high));
}

}  // namespace

std::vector<SamplerStage> default_sampler_order() {
  std::vector<SamplerStage> order;
  for (std::size_t i = 0; i < std::size(kSamplerStages); ++i) order.push_back(static_cast<SamplerStage>(i));
  return order;
}

double SamplerField::value(const SamplerOptions& options) const {
  return std::visit([&](auto at) { return static_cast<double>(options.*at); }, member);
}

void SamplerField::set(SamplerOptions& options, double value) const {
  check_field(*this, value);
  std::visit([&](auto at) { options.*at = static_cast<std::remove_cvref_t<decltype(options.*at)>>(value); },
             member);
}

const SamplerField* find_sampler_field(std::string_view name) {
  const auto at = std::find_if(std::begin(kSamplerFields), std::end(kSamplerFields),
                               [&](const SamplerField& field) { return name == field.name; });
  return at == std::end(kSamplerFields) ? nullptr : at;
}

std::vector<SamplerStage> parse_sampler_order(std::span<const std::string> names) {
  std::vector<SamplerStage> order;
  for (const std::string& name : names) {
    const auto stage = stage_of(name);
    if (!stage) {
      const std::string_view near = nearest(name, kSamplerStages);
      throw Error(ErrorCode::E603, "sampling.order: unknown sampler \"" + printable(name) + "\"" +
                                       (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
    }
    if (std::find(order.begin(), order.end(), *stage) != order.end()) {
      throw Error(ErrorCode::E603, "sampling.order: \"" + name + "\" stands there twice; remove one");
    }
    order.push_back(*stage);
  }
  return order;
}

void check(const SamplerOptions& options) {
  for (const SamplerField& field : kSamplerFields) check_field(field, field.value(options));
  for (const auto& [id, bias] : options.logit_bias) {
    if (std::isnan(bias) || bias > 1e30f) {
      throw Error(ErrorCode::E603, strf("sampling.logit_bias: the bias of token %d must be a number", id));
    }
  }
}

}  // namespace glim
