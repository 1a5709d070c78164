#include "app/compare/mode.h"

#include <algorithm>
#include <tuple>

#include "engine/base/text.h"
#include "engine/shape/model_shape.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

auto weights_key(const EngineOptions& options) {
  return std::tie(options.model, options.backend, options.threads, options.eight_bits, options.mmap,
                  options.batch, options.chat_template);
}

std::string gib(std::uint64_t bytes) {
  return ui::bytes_long(static_cast<std::int64_t>(bytes));
}

const ComparePane& reference_of(const Comparison& comparison) {
  return comparison.panes[static_cast<std::size_t>(comparison.settings.reference)];
}

}  // namespace

void find_shared_weights(std::vector<ComparePane>& panes) {
  for (std::size_t i = 0; i < panes.size(); ++i) {
    panes[i].shares_weights_with.reset();
    for (std::size_t j = 0; j < i; ++j) {
      if (!panes[i].planned || !panes[j].planned ||
          weights_key(panes[i].options) != weights_key(panes[j].options))
        continue;
      panes[i].shares_weights_with = static_cast<std::int32_t>(j);
      break;
    }
  }
}

ModeChoice choose_mode(CompareMode asked, const std::vector<ComparePane>& panes, std::uint64_t available) {
  ModeChoice choice{asked, {}, 0};
  std::size_t count = 0;
  for (const ComparePane& pane : panes) {
    if (!pane.planned || pane.error) continue;
    ++count;
    choice.needed_bytes += pane.plan.kv_bytes + pane.plan.scratch_bytes;
    if (!pane.shares_weights_with) choice.needed_bytes += pane.plan.weight_bytes;
  }
  const bool fit = available == 0 || choice.needed_bytes <= available;
  const std::string sizes = available == 0 ? gib(choice.needed_bytes)
                                           : gib(choice.needed_bytes) + " of " + gib(available) + " free";
  if (asked == CompareMode::automatic) {
    choice.mode = fit ? CompareMode::interleave : CompareMode::sequential;
    choice.reason =
        count == 1 ? strf("only one pane has a model%s: %s", fit ? "" : ", which does not fit", sizes.c_str())
                   : strf(fit ? "all %zu panes fit together: %s" : "the %zu panes do not fit together: %s",
                          count, sizes.c_str());
  } else {
    choice.reason = "as asked: " + sizes;
    if (asked == CompareMode::interleave && !fit)
      choice.reason += "; they do not fit together, so weights will be read from disk again and again";
  }
  return choice;
}

std::size_t next_to_load(const Comparison& comparison, const std::vector<std::size_t>& candidates) {
  const auto reference = static_cast<std::size_t>(comparison.settings.reference);
  if (comparison.settings.drift &&
      std::find(candidates.begin(), candidates.end(), reference) != candidates.end())
    return reference;
  return *std::min_element(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
    return comparison.panes[a].plan.weight_bytes < comparison.panes[b].plan.weight_bytes;
  });
}

std::vector<std::string> differences(const Comparison& comparison) {
  const ComparePane& reference = reference_of(comparison);
  std::vector<std::string> out;
  for (const ComparePane& pane : comparison.panes) {
    if (is_shape_name(pane.options.model))
      out.push_back(printable(pane.label) +
                    " is a shape: its text and its drift are noise, only speed and memory count");
    if (&pane == &reference || pane.error || reference.error) continue;
    if (pane.tokenizer_hash != 0 && reference.tokenizer_hash != 0 &&
        pane.tokenizer_hash != reference.tokenizer_hash)
      out.push_back(strf("%s has another tokenizer than %s: no drift and no split between them",
                         printable(pane.label).c_str(), printable(reference.label).c_str()));
    if (pane.template_hash != 0 && reference.template_hash != 0 &&
        pane.template_hash != reference.template_hash)
      out.push_back(strf("%s has another chat template than %s: they may read other tokens",
                         printable(pane.label).c_str(), printable(reference.label).c_str()));
    if (pane.planned && reference.planned && pane.plan.ctx != reference.plan.ctx)
      out.push_back(strf("%s has a context of %d tokens, %s of %d", printable(pane.label).c_str(),
                         pane.plan.ctx, printable(reference.label).c_str(), reference.plan.ctx));
  }
  return out;
}

bool same_tokenizer(const Comparison& comparison, std::size_t pane) {
  const std::uint64_t own = comparison.panes[pane].tokenizer_hash;
  const std::uint64_t other = reference_of(comparison).tokenizer_hash;
  return own == 0 || other == 0 || own == other;
}

}  // namespace glim::app
