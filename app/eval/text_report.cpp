#include <cmath>

#include "app/eval/text_eval.h"
#include "engine/base/text.h"
#include "engine/measure/drift_statistics.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

Report json_of(const Estimate& estimate) {
  return {{"value", estimate.value}, {"error", estimate.error}};
}

Report json_of(const PerplexityStatistics& statistics) {
  Report out = json_of(statistics.value);
  out["chunk_error"] = statistics.bootstrap;
  out["log"] = statistics.log.value;
  out["log_error"] = statistics.log.error;
  return out;
}

Report json_of(const Spread& spread) {
  Report out = {{"mean", spread.mean.value}, {"error", spread.mean.error}, {"chunk_error", spread.bootstrap}};
  for (std::size_t i = 0; i < kPercentiles.size(); ++i)
    out["percentiles"][strf("%g", 100 * kPercentiles[i])] = spread.percentiles[i];
  return out;
}

std::string pair(const Estimate& estimate, const char* unit = "", double scale = 1) {
  return strf("%14.6f +- %10.6f%s", scale * estimate.value, scale * estimate.error, unit);
}

std::string line(const char* name, const std::string& value) {
  return strf("  %-26s %s\n", name, value.c_str());
}

/// The error that counts chunks as the samples; one chunk tells nothing.
std::string over_chunks(double error) {
  return error > 0 ? strf("   (+/- %.6f over chunks)", error) : "";
}

std::string spread_lines(const char* name, const Spread& spread, const char* unit, double scale) {
  std::string out = line(strf("mean %s", name).c_str(),
                         pair(spread.mean, unit, scale) + over_chunks(scale * spread.bootstrap));
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    const double fraction = kPercentiles[i];
    const std::string label = fraction == 1     ? "largest"
                              : fraction == 0   ? "smallest"
                              : fraction == 0.5 ? "median"
                                                : strf("%.4g %%", 100 * fraction);
    out += line(strf("%s %s", label.c_str(), name).c_str(),
                strf("%14.6f%s", scale * spread.percentiles[i], unit));
  }
  return out;
}

/// What the numbers do not tell by themselves.
std::string drift_notes(const DriftStatistics& statistics) {
  std::string out;
  if (statistics.bound)
    out += "  The base keeps only its likeliest tokens: every divergence is a proven lower bound.\n";
  if (statistics.noise > 0)
    out += strf(
        "  The base is in 16-bit codes: divergences of one position below %.1e, and means below %.1e, "
        "are noise;\n  its perplexity counts what is under e^-16 of the likeliest token as that.\n",
        2 * statistics.noise,
        2 * statistics.noise / std::sqrt(static_cast<double>(statistics.perplexity.tokens)));
  constexpr std::int64_t kFew = 100;
  if (statistics.perplexity.tokens < kFew)
    out += strf("  Only %lld predictions were compared; percentiles and errors say little below %lld.\n",
                static_cast<long long>(statistics.perplexity.tokens), static_cast<long long>(kFew));
  return out;
}

std::string drift_block(const DriftStatistics& s) {
  std::string out;
  out += line("perplexity", pair(s.perplexity.value));
  out += line("perplexity of the base", pair(s.base.value));
  out += line("correlation of ln p", strf("%14.2f %%", 100 * s.correlation));
  out += line("ln (perplexity / base)", pair(s.log_ratio));
  out += line("perplexity / base", pair(s.ratio));
  out += line("perplexity - base", pair(s.difference));
  out += spread_lines(s.bound ? "KLD, at least" : "KLD", s.kld, "", 1);
  out += spread_lines("delta p", s.delta_p, " %", 100);
  out += line("RMS delta p", pair(s.rms_delta_p, " %", 100));
  out += line("same top token", pair(s.same_top, " %", 100));
  return out + drift_notes(s);
}

std::string drift_summary(const std::vector<std::string>& models, const std::vector<DriftStatistics>& all) {
  std::string out = strf("%-28s %22s %10s %10s %17s %20s\n", "model",
                         all.front().bound ? "KLD at least, nats" : "KLD, nats", "99 %", "largest",
                         "same top token", "perplexity / base");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const DriftStatistics& s = all[i];
    out += strf("%-28s %10.6f +- %.6f %10.5f %10.5f %7.2f +- %4.2f %% %9.4f +- %.4f\n",
                printable(models[i]).c_str(), s.kld.mean.value, s.kld.mean.error, s.kld.at(0.99), s.kld.at(1),
                100 * s.same_top.value, 100 * s.same_top.error, s.ratio.value, s.ratio.error);
  }
  return out + "\n";
}

std::string perplexity_lines(const TextResult& result) {
  std::string out;
  for (std::size_t i = 0; i < result.scores.size(); ++i) {
    const PerplexityStatistics s = perplexity_statistics(result.scores[i]);
    out += strf("%-28s Final estimate: PPL = %.4f +/- %.5f", printable(result.models[i]).c_str(),
                s.value.value, s.value.error) +
           over_chunks(s.bootstrap);
    if (i > 0 && result.same_tokens && result.scores[i].size() == result.scores.front().size()) {
      const Estimate ratio = log_ratio(result.scores[i], result.scores.front());
      out += strf("   ln ratio to the first %+.6f +/- %.6f", ratio.value, ratio.error);
    }
    out += "\n";
  }
  if (!result.same_tokens)
    out += "The models make other tokens of the text, so their perplexities cannot be compared.\n";
  return out;
}

std::size_t rows_of(const TextScore& score) {
  std::size_t count = 0;
  for (const auto& chunk : score) count += chunk.size();
  return count;
}

}  // namespace

std::string text_table(const TextResult& result) {
  if (result.scores.empty())
    return strf("%s: stopped before anything was measured\n", printable(result.text).c_str());
  std::string out =
      strf("%s: %zu of %zu chunks of %zu tokens, %zu predictions%s%s%s\n\n", printable(result.text).c_str(),
           result.scores.front().size(), result.chunks, result.chunk_tokens, rows_of(result.scores.front()),
           result.base.empty() ? "" : " against ", printable(result.base).c_str(),
           result.complete ? "" : " (partial: it was stopped)");
  if (result.base.empty()) {
    out += perplexity_lines(result);
  } else {
    std::vector<DriftStatistics> all;
    for (const TextScore& score : result.scores) all.push_back(drift_statistics(score));
    if (all.size() > 1) out += drift_summary(result.models, all);
    for (std::size_t i = 0; i < all.size(); ++i)
      out += printable(result.models[i]) + "\n" + drift_block(all[i]) + "\n";
  }
  if (result.saved) {
    out += strf("wrote %s", printable(result.saved->file).c_str());
    if (result.saved->noise_max > 0)
      out += strf("; read back it differs from itself by %.1e nats on average and %.1e at most",
                  result.saved->noise_mean, result.saved->noise_max);
    out += "\n";
  }
  return out;
}

Report text_json(const TextResult& result) {
  Report out = {{"text", result.text},
                {"chunk_tokens", result.chunk_tokens},
                {"chunks", result.chunks},
                {"complete", result.complete}};
  if (!result.base.empty()) out["base"] = result.base;
  out["models"] = Report::array();
  for (std::size_t i = 0; i < result.scores.size(); ++i) {
    const TextScore& score = result.scores[i];
    Report model = {{"model", result.models[i]}, {"chunks_done", score.size()}, {"tokens", rows_of(score)}};
    if (result.base.empty()) {
      model["perplexity"] = json_of(perplexity_statistics(score));
      if (i > 0 && result.same_tokens && score.size() == result.scores.front().size())
        model["log_ratio_to_first"] = json_of(log_ratio(score, result.scores.front()));
    } else {
      const DriftStatistics s = drift_statistics(score);
      model["perplexity"] = json_of(s.perplexity);
      model["base_perplexity"] = json_of(s.base);
      model["correlation"] = s.correlation;
      model["log_ratio"] = json_of(s.log_ratio);
      model["ratio"] = json_of(s.ratio);
      model["difference"] = json_of(s.difference);
      model["kld"] = json_of(s.kld);
      model["kld"]["is_bound"] = s.bound;
      model["kld"]["noise"] = s.noise;
      model["delta_p"] = json_of(s.delta_p);
      model["rms_delta_p"] = json_of(s.rms_delta_p);
      model["same_top"] = json_of(s.same_top);
    }
    out["models"].push_back(std::move(model));
  }
  if (result.saved)
    out["saved"] = {{"file", result.saved->file},
                    {"noise_mean", result.saved->noise_mean},
                    {"noise_max", result.saved->noise_max}};
  return out;
}

}  // namespace glim::app
