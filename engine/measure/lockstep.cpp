#include "engine/measure/lockstep.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "engine/base/error.h"
#include "engine/measure/text_model.h"
#include "engine/measure/tracing_backend.h"
#include "engine/model_source.h"
#include "engine/text/vocab.h"

namespace glim {
namespace {

constexpr std::size_t kMostBeyond = 20;

double distance(std::span<const float> found, std::span<const float> expected) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto exact = static_cast<double>(expected[i]);
    error += std::pow(static_cast<double>(found[i]) - exact, 2);
    size += exact * exact;
  }
  if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
  return size > 0 ? std::sqrt(error / size) : std::sqrt(error);
}

/// Experts may come in any order: the weights of each row, the largest first.
std::vector<float> sorted_rows(std::span<const float> values, std::int64_t cols) {
  std::vector<float> out(values.begin(), values.end());
  for (auto row = out.begin(); row < out.end(); row += cols)
    std::sort(row, row + cols, [](float a, float b) { return a > b; });
  return out;
}

class Comparer {
 public:
  Comparer(Lockstep& out, double tolerance) : out_(out), tolerance_(tolerance) {}

  void keep(const StageResult& result) {
    const std::span<const float> values = result.values();
    kept_.emplace_back(values.begin(), values.end());
  }

  void compare(const StageResult& result) {
    GLIM_ASSERT(next_ < kept_.size());
    const std::vector<float> expected = std::exchange(kept_[next_++], {});
    const std::span<float> found = result.values();
    GLIM_ASSERT(found.size() == expected.size());
    if (result.result == "chosen") {
      compare_choices(result.tensor, expected);
    } else if (result.result == "weight") {
      add(result,
          distance(sorted_rows(found, result.tensor.cols), sorted_rows(expected, result.tensor.cols)));
    } else {
      add(result, distance(found, expected));
    }
    std::memcpy(found.data(), expected.data(), found.size_bytes());
  }

 private:
  void compare_choices(const Tensor& chosen, const std::vector<float>& expected) {
    const auto active = static_cast<std::size_t>(chosen.cols);
    std::vector<std::int32_t> before(expected.size());
    std::memcpy(before.data(), expected.data(), expected.size() * sizeof(float));
    for (std::size_t i = 0; i < before.size(); i += active) {
      const auto row = before.begin() + static_cast<std::ptrdiff_t>(i);
      out_.choices += chosen.cols;
      out_.other_choices += std::count_if(chosen.ints() + i, chosen.ints() + i + active, [&](std::int32_t e) {
        return std::find(row, row + chosen.cols, e) == row + chosen.cols;
      });
    }
  }

  void add(const StageResult& result, double far) {
    const StageDistance here{result.stage, result.result, result.layer, far, 1};
    const auto known = std::find_if(out_.worst.begin(), out_.worst.end(), [&](const StageDistance& other) {
      return other.stage == here.stage && other.result == here.result;
    });
    if (known == out_.worst.end()) {
      out_.worst.push_back(here);
    } else {
      ++known->count;
      if (far > known->distance) known->distance = far, known->layer = here.layer;
    }
    if (!(far <= tolerance_) && out_.beyond.size() < kMostBeyond) out_.beyond.push_back(here);
  }

  Lockstep& out_;
  double tolerance_;
  std::vector<std::vector<float>> kept_;  ///< in the order in which stages come
  std::size_t next_ = 0;
};

/// Returns the backend's description.
std::string run_traced(const EngineOptions& options, const std::vector<TokenId>& tokens, std::int32_t rows,
                       const std::function<bool()>& go_on, const TracingBackend::Sink& sink) {
  std::string description;
  EngineOptions sized = options;
  sized.ctx = static_cast<std::int32_t>(tokens.size());
  sized.batch = rows;
  TextModel model(sized, go_on, [&](std::unique_ptr<Backend> backend, const GgufFile&) {
    description = backend->description();
    return std::make_unique<TracingBackend>(std::move(backend), sink);
  });
  const auto drop = [](std::int32_t, std::span<const float>) {};
  for (std::size_t end = std::min(tokens.size(), static_cast<std::size_t>(rows)); end <= tokens.size();
       ++end) {
    const std::span<const TokenId> part = std::span(tokens).first(end);
    if (!model.run_on(part, static_cast<std::int32_t>(end) - 1, drop, go_on))
      throw Error(ErrorCode::E901, "the comparison was cancelled");
  }
  return description;
}

}  // namespace

Lockstep run_in_lockstep(const EngineOptions& expected, const EngineOptions& found,
                         const std::vector<TokenId>& tokens, const LockstepRules& rules,
                         const std::function<bool()>& go_on) {
  Lockstep out;
  Comparer comparer(out, rules.tolerance);
  out.expected = run_traced(expected, tokens, rules.rows, go_on,
                            [&](const StageResult& result) { comparer.keep(result); });
  out.found = run_traced(found, tokens, rules.rows, go_on,
                         [&](const StageResult& result) { comparer.compare(result); });
  return out;
}

std::vector<TokenId> tokens_of(const std::string& model, std::string_view text) {
  const std::unique_ptr<GgufFile> file = open_model(model);
  return Tokenizer(read_vocab(*file)).encode_prompt(text, Specials::all);
}

}  // namespace glim
