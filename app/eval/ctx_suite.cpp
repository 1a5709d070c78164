#include <algorithm>
#include <array>
#include <cmath>

#include "app/eval/test_run.h"
#include "app/eval/text_checks.h"
#include "app/requests.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::int32_t kAnswerTokens = 128;
constexpr std::string_view kNeedle = "marzipan";

/// Sentence `number` of the filler: all different, all equally dull. The target stands in the first one, so
/// that no two targets share a beginning that could be reused.
std::string filler(std::int32_t number, std::int32_t target) {
  constexpr std::array<std::string_view, 7> kBoats = {"ferry",   "barge", "tug",    "cutter",
                                                      "trawler", "sloop", "dredger"};
  constexpr std::array<std::string_view, 5> kPlaces = {"the north pier", "the old lock", "the mill quay",
                                                       "the outer mole", "the salt store"};
  constexpr std::array<std::string_view, 3> kWind = {"light", "steady", "gusty"};
  if (number == 0) return strf("Log of the harbour master, volume %d. ", target);
  const auto n = static_cast<std::size_t>(number);
  const auto pick = [](const auto& list, std::size_t i) { return std::string(list[i % list.size()]); };
  return strf("Entry %d: the %s left %s with %d crates, the wind was %s. ", number,
              pick(kBoats, n * 5 + n / 7).c_str(), pick(kPlaces, n * 3 + n / 5).c_str(),
              11 + (number * 37) % 89, pick(kWind, n / 2).c_str());
}

/// Filler of so many sentences with the needle in the middle and the question at the end.
std::string haystack(std::int32_t sentences, std::int32_t target) {
  std::string out;
  for (std::int32_t i = 0; i < sentences; ++i) {
    out += filler(i, target);
    if (i == sentences / 2) out += "The password of the archive is " + std::string(kNeedle) + ". ";
  }
  return out + "\n\nTwo questions. What is 2+2? And what is the password of the archive? Answer briefly.";
}

ChatMessage question(std::int32_t sentences, std::int32_t target) {
  return message("user", haystack(sentences, target));
}

std::int32_t length_with(TestRun& run, std::int32_t sentences, std::int32_t target) {
  Dialogue dialogue(run);
  dialogue.set_thinking(false);
  dialogue.say(question(sentences, target));
  return dialogue.prompt_length();
}

/// The most sentences whose prompt is at most `room` tokens long; 0 when not even an empty one is.
std::int32_t sentences_for(TestRun& run, std::int32_t room, std::int32_t target) {
  std::int32_t fits = 0, too_many = 16;
  while (length_with(run, too_many, target) <= room) {
    fits = too_many;
    too_many *= 2;
  }
  while (too_many - fits > 1) {
    const std::int32_t middle = fits + (too_many - fits) / 2;
    (length_with(run, middle, target) <= room ? fits : too_many) = middle;
  }
  return fits;
}

/// Costs between one report of the prompt's progress and the next.
void add_samples(const Dialogue& dialogue, std::vector<PrefillSample>& samples) {
  Dialogue::Progress before{0, 0};
  for (const Dialogue::Progress& now : dialogue.progress()) {
    const double tokens = now.done - before.done;
    const double seconds = now.seconds - before.seconds;
    if (tokens > 0 && seconds > 0)
      samples.push_back({(now.done + before.done) / 2.0, seconds / tokens, tokens});
    before = now;
  }
}

}  // namespace

void run_context_test(TestRun& run, std::vector<PrefillSample>& samples) {
  TestResult& result = run.result();
  ContextFigures& figures = *result.context;
  const std::int32_t target = figures.target, ctx = run.engine().stats().ctx;
  if (target > ctx) {
    result.verdict = Verdict::skip;
    result.detail = strf("needs ctx >= %d (profile has %d)", target, ctx);
    return;
  }
  const std::int32_t sentences = sentences_for(run, target - kAnswerTokens, target);
  if (sentences == 0) {
    run.expect(false, strf("%d tokens hold no more than the question", target));
    return;
  }
  Dialogue dialogue(run);
  dialogue.set_thinking(false);
  dialogue.say(question(sentences, target));
  Answer reply = dialogue.reply({.max_tokens = kAnswerTokens});
  add_samples(dialogue, samples);
  figures.prompt_tokens = reply.stats.prompt_tokens;
  figures.prefill_rate = reply.stats.prefill_rate();
  const bool sum = has_number(reply.text, 4) || has_word(reply.text, "four");
  const bool needle = has_word(reply.text, kNeedle);
  figures.coherent = sum && needle;
  run.expect(sum, "the answer does not give 4");
  run.expect(needle, "the answer does not give the password from the middle");
  if (reply.stats.generated_tokens < kAnswerTokens) {
    // A short answer says little about speed: the same prompt again, which is held, and no end.
    dialogue.take_back();
    reply = dialogue.reply({.max_tokens = kAnswerTokens, .ignore_eos = true});
  }
  figures.decode_rate = reply.stats.decode_rate();
  if (figures.coherent) result.detail = "OK, coherent";
}

std::optional<PrefillFit> fit_prefill(std::span<const PrefillSample> samples) {
  double weight = 0, x = 0, y = 0;
  for (const PrefillSample& sample : samples) {
    weight += sample.weight;
    x += sample.weight * sample.position;
    y += sample.weight * sample.seconds;
  }
  if (weight <= 0) return std::nullopt;
  x /= weight;
  y /= weight;
  double xx = 0, xy = 0;
  for (const PrefillSample& sample : samples) {
    xx += sample.weight * (sample.position - x) * (sample.position - x);
    xy += sample.weight * (sample.position - x) * (sample.seconds - y);
  }
  if (xx <= 0 || xy <= 0) return std::nullopt;
  const PrefillFit fit{y - xy / xx * x, xy / xx};
  if (fit.base <= 0) return std::nullopt;
  return fit;
}

}  // namespace glim::app
