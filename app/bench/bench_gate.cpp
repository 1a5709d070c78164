#include "app/bench/bench_gate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "app/store/measurement_json.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

/// Fields that have to agree. Paths may differ, and so may what llama-bench calls the backend.
constexpr std::array kKeyFields = {"model_type", "model_size", "model_n_params", "n_batch", "n_ubatch",
                                   "n_threads",  "type_k",     "n_prompt",       "n_gen",   "n_depth"};

EarlierRow row_from(const Ordered& json) {
  EarlierRow out;
  for (const char* field : kKeyFields) out.key += dump_json(json.at(field), -1) + " ";
  // Older rows lack these.
  out.key += strf("%d %d", json.value("n_cpu_moe", 0), json.value("no_kv_offload", false));
  const BenchTest test{json.at("n_prompt").get<std::int32_t>(), json.at("n_gen").get<std::int32_t>(),
                       json.at("n_depth").get<std::int32_t>()};
  out.name = json.at("model_type").get<std::string>() + " " + test.name();
  out.processor = json.value("cpu_info", std::string());
  out.rate = json.at("avg_ts").get<double>();
  out.deviation = json.at("stddev_ts").get<double>();
  return out;
}

std::vector<Ordered> parsed(const std::string& text) {
  Ordered whole = Ordered::parse(text, nullptr, false);
  if (whole.is_array()) return {whole.begin(), whole.end()};
  std::vector<Ordered> out;
  for (const std::string& line : split_words(text, '\n'))
    if (line.find_first_not_of(" \t\r") != line.npos) out.push_back(Ordered::parse(line));
  return out;
}

}  // namespace

std::vector<EarlierRow> read_earlier_rows(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    throw Error(ErrorCode::E501, "--against " + printable(path) + ": cannot read the file; check the path");
  std::vector<EarlierRow> out;
  try {
    for (const Ordered& json : parsed(text))
      if (!json.contains("partial")) out.push_back(row_from(json));
  } catch (const Ordered::exception&) {
    throw Error(ErrorCode::E501, "--against " + printable(path) +
                                     ": is not what glim bench -o json or llama-bench -o json writes");
  }
  if (out.empty()) throw Error(ErrorCode::E501, "--against " + printable(path) + ": has no rows");
  return out;
}

std::vector<GateFinding> judge(const std::vector<EarlierRow>& before, const std::vector<BenchRow>& now,
                               double allowed) {
  using Verdict = GateFinding::Verdict;
  std::vector<EarlierRow> measured;
  for (const BenchRow& row : now) measured.push_back(row_from(json_of(row)));
  std::vector<GateFinding> out;
  const auto same_key = [](const std::string& key) {
    return [&key](const EarlierRow& row) { return row.key == key; };
  };
  for (const EarlierRow& old : before) {
    const auto found = std::find_if(measured.begin(), measured.end(), same_key(old.key));
    if (found == measured.end()) {
      out.push_back({Verdict::missing, old.name, old.rate, 0});
      continue;
    }
    GateFinding finding{Verdict::fine, old.name, old.rate, found->rate};
    const Figure first{.name = "", .value = old.rate, .spread = old.deviation};
    const Figure second{.name = "", .value = found->rate, .spread = found->deviation};
    if (finding.slowdown() > allowed)
      finding.verdict = beyond_spread(first, second) ? Verdict::slower : Verdict::noise;
    out.push_back(finding);
  }
  for (const EarlierRow& row : measured)
    if (std::none_of(before.begin(), before.end(), same_key(row.key)))
      out.push_back({Verdict::fresh, row.name, 0, row.rate});
  return out;
}

bool passes(const std::vector<GateFinding>& findings) {
  using Verdict = GateFinding::Verdict;
  bool compared = false;
  for (const GateFinding& finding : findings) {
    if (finding.verdict == Verdict::slower) return false;
    compared = compared || finding.verdict == Verdict::fine || finding.verdict == Verdict::noise;
  }
  return compared;
}

std::string words_of(const GateFinding& finding, double allowed) {
  using Verdict = GateFinding::Verdict;
  const std::string name = printable(finding.name);
  const std::string change = strf("%s: %.2f -> %.2f t/s (%+.1f %%, allowed %+.1f %%)", name.c_str(),
                                  finding.before, finding.now, -100 * finding.slowdown(), -100 * allowed);
  switch (finding.verdict) {
    case Verdict::slower:
      return "slower: " + change;
    case Verdict::noise:
      return "slower, but within the spread: " + change;
    case Verdict::missing:
      return "not measured now: " + name;
    case Verdict::fresh:
      return "not measured before: " + name;
    case Verdict::fine:
      break;
  }
  return "fine: " + change;
}

double slowdown_from(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (percent) value /= 100;
  if (error != std::errc() || rest != end || !(value >= 0 && value < 1))
    throw Error(ErrorCode::E501,
                "--max-slowdown " + printable(text) + ": write a share below 100%, such as 5% or 0.05");
  return value;
}

}  // namespace glim::app
