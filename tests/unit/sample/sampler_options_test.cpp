#include "engine/sample/sampler_options.h"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "engine/base/error.h"

using glim::parse_sampler_order;
using glim::SamplerOptions;
using glim::SamplerStage;

namespace {

template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const glim::Error& error) {
    CHECK(error.code() == glim::ErrorCode::E603);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("every field has a name of its own, a help text and a default in its range") {
  const SamplerOptions options;
  std::set<std::string> names;
  for (const glim::SamplerField& field : glim::kSamplerFields) {
    INFO(field.name);
    CHECK(names.insert(field.name).second);
    CHECK(std::string(field.help).size() > 10);
    CHECK(field.value(options) == doctest::Approx(field.standard));
    SamplerOptions changed;
    field.set(changed, field.high);
    CHECK(field.value(changed) == doctest::Approx(field.high));
    field.set(changed, field.low);
    CHECK(field.value(changed) == doctest::Approx(field.low));
    CHECK_NOTHROW(check(changed));
    CHECK(glim::find_sampler_field(field.name) == &field);
  }
  CHECK(glim::find_sampler_field("topp") == nullptr);
}

TEST_CASE("the defaults are those of the model's authors") {
  const SamplerOptions options;
  CHECK(options.temp == 1.0f);
  CHECK(options.top_p == 0.95f);
  CHECK(options.min_p == 0.01f);
  CHECK(options.top_k == 0);
  CHECK(options.repeat_penalty == 1.0f);
  CHECK(options.dry_multiplier == 0.0f);
  CHECK_NOTHROW(check(options));
}

TEST_CASE("values out of range are refused with their field") {
  SamplerOptions options;
  const glim::SamplerField& top_p = *glim::find_sampler_field("top_p");
  const std::string message = "sampling.top_p: 1.5 is not allowed; it must be a number from 0 to 1";
  CHECK(refusal([&] { top_p.set(options, 1.5); }) == message);
  CHECK_FALSE(refusal([&] { top_p.set(options, std::numeric_limits<double>::quiet_NaN()); }).empty());
  CHECK_FALSE(refusal([&] { glim::find_sampler_field("top_k")->set(options, 1.5); }).empty());
  options.top_p = 1.5f;
  CHECK(refusal([&] { check(options); }) == message);
  options = {};
  options.logit_bias = {{3, std::numeric_limits<float>::quiet_NaN()}};
  CHECK_FALSE(refusal([&] { check(options); }).empty());
}

TEST_CASE("the order is read from names, unknown and repeated ones are refused") {
  using Names = std::vector<std::string>;
  CHECK(parse_sampler_order(Names{"top_k", "temp", "typical_p"}) ==
        std::vector{SamplerStage::top_k, SamplerStage::temperature, SamplerStage::typ_p});
  const Names all(std::begin(glim::kSamplerStages), std::end(glim::kSamplerStages));
  CHECK(parse_sampler_order(all) == glim::default_sampler_order());
  CHECK(all ==
        Names{"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"});
  CHECK(refusal([] { parse_sampler_order(Names{"topp"}); }) ==
        "sampling.order: unknown sampler \"topp\"; did you mean top_p?");
  CHECK(refusal([] {
          parse_sampler_order(Names{"temp", "temperature"});
        }).find("twice") != std::string::npos);
}
