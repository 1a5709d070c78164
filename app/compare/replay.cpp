#include "app/compare/replay.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <span>

#include "app/compare/compare_text.h"
#include "app/compare/totals.h"
#include "app/model_name.h"
#include "app/paths.h"
#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

constexpr const char* kLatest = "last_comparison.json";

[[noreturn]] void refuse(const std::filesystem::path& path) {
  throw Error(ErrorCode::E501, "--replay " + printable(path.string()) +
                                   ": holds no comparison; name a file that compare wrote "
                                   "with --report FILE.json or -o json");
}

double kld_of(const CompareAnswer& answer) {
  return answer.drift && answer.drift->complete ? answer.drift->summary.mean_kld : -1;
}

Report pane_json(const Comparison& comparison, std::size_t index) {
  const ComparePane& pane = comparison.panes[index];
  Report settings = Report::object();
  for (const auto& [key, value] : pane.settings) settings[key] = Report::parse(value, nullptr, false);
  return {{"asked", pane.asked},
          {"label", pane.label},
          {"file_hash", pane.file_hash},
          {"rate", totals(comparison, index).generation_rate},
          {"settings", std::move(settings)}};
}

PaneSpec spec_from(const Report& pane, const std::string& origin) {
  PaneSpec spec;
  spec.asked = pane.at("asked").get<std::string>();
  spec.label = pane.at("label").get<std::string>();
  for (const auto& [key, value] : pane.at("settings").items())
    spec.settings[key] = {nlohmann::json::parse(value.dump()), origin};
  spec.profile = make_profile("", spec.settings);
  return spec;
}

CompareMode mode_named(const std::string& name) {
  for (const CompareMode mode : {CompareMode::interleave, CompareMode::sequential})
    if (name == compare_mode_name(mode)) return mode;
  return CompareMode::automatic;
}

void read_prompt(Replay& out, const Report& json) {
  ComparePrompt prompt;
  prompt.id = json.at("id").get<std::string>();
  prompt.text = json.at("prompt").get<std::string>();
  prompt.system = json.at("system").get<std::string>();
  prompt.tags = json.at("tags").get<std::vector<std::string>>();
  std::vector<Replay::Earlier> answers;
  for (const Report& answer : json.at("answers"))
    answers.push_back({answer.at("done").get<bool>(), answer.at("tokens").get<std::vector<TokenId>>(),
                       answer.at("kld").is_number() ? answer.at("kld").get<double>() : -1});
  out.prompts.push_back(std::move(prompt));
  out.answers.push_back(std::move(answers));
}

Replay replay_from(const Report& json, const std::string& origin) {
  Replay out;
  for (const Report& pane : json.at("panes")) {
    out.panes.push_back(spec_from(pane, origin));
    out.file_hashes.push_back(pane.at("file_hash").get<std::string>());
    out.rates.push_back(pane.at("rate").get<double>());
  }
  out.settings.asked = mode_named(json.at("mode").get<std::string>());
  out.settings.drift = json.at("drift").get<bool>();
  out.settings.reference = json.at("reference").get<std::int32_t>();
  out.set_name = json.at("set").get<std::string>();
  for (const Report& prompt : json.at("prompts")) read_prompt(out, prompt);
  return out;
}

/// "answer", or how it left the earlier one; empty when it did not.
std::string answer_change(const Replay::Earlier& before, const CompareAnswer& now) {
  if (now.error) return "failed: " + now.error->message;
  if (!before.done || now.state != AnswerState::done) return before.done ? "was not answered to the end" : "";
  std::size_t same = 0;
  while (same < before.tokens.size() && same < now.tokens.size() &&
         before.tokens[same] == now.tokens[same].id)
    ++same;
  if (same < before.tokens.size() || same < now.tokens.size())
    return strf("another answer from token %zu on (%zu tokens, were %zu)", same + 1, now.tokens.size(),
                before.tokens.size());
  // What differs less is rounding of another order of sums.
  constexpr double kRelative = 1e-3, kAbsolute = 1e-6;
  const double kld = kld_of(now);
  if (before.kld < 0 || kld < 0 || std::fabs(kld - before.kld) <= kAbsolute + kRelative * before.kld)
    return {};
  return strf("the same answer, KLD %.6f, was %.6f", kld, before.kld);
}

}  // namespace

Report replay_json(const Comparison& comparison) {
  Report panes = Report::array(), prompts = Report::array();
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) panes.push_back(pane_json(comparison, i));
  for (const ComparePrompt& prompt : comparison.prompts) {
    Report answers = Report::array();
    for (const CompareAnswer& answer : prompt.answers) {
      std::vector<TokenId> tokens;
      for (const AnswerToken& token : answer.tokens) tokens.push_back(token.id);
      const double kld = kld_of(answer);
      answers.push_back({{"done", answer.state == AnswerState::done},
                         {"tokens", std::move(tokens)},
                         {"kld", kld < 0 ? Report(nullptr) : Report(kld)}});
    }
    prompts.push_back({{"id", prompt.id},
                       {"prompt", prompt.text},
                       {"system", prompt.system},
                       {"tags", prompt.tags},
                       {"answers", std::move(answers)}});
  }
  return {{"mode", compare_mode_name(comparison.settings.asked)},
          {"drift", comparison.settings.drift},
          {"reference", comparison.settings.reference},
          {"set", comparison.set_name},
          {"panes", std::move(panes)},
          {"prompts", std::move(prompts)}};
}

void keep_for_replay(const Comparison& comparison, const std::filesystem::path& data) {
  if (comparison.prompts.empty()) return;
  create_private_folder(data);
  const Report out = {{"replay", replay_json(comparison)}};
  const std::string text = out.dump(-1, ' ', false, Report::error_handler_t::replace) + "\n";
  NewFile file(data / kLatest);
  file.write(std::as_bytes(std::span(text)));
  file.give_name();
}

Replay read_replay(const std::string& name, const std::filesystem::path& data) {
  const bool latest = name == "@last";
  const std::filesystem::path path = latest ? data / kLatest : std::filesystem::path(expand_path(name));
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (latest && !stream.is_open())
    throw Error(ErrorCode::E501, "--replay @last: there is no earlier comparison; run glim compare first");
  if (!stream.is_open() || stream.bad())
    throw Error(ErrorCode::E501,
                "--replay " + printable(path.string()) + ": cannot read the file; check the path");
  const Report json = Report::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("replay")) refuse(path);
  Replay out;
  try {
    out = replay_from(json["replay"], printable(path.string()));
  } catch (const Report::exception&) {
    refuse(path);
  }
  const bool whole = std::all_of(out.answers.begin(), out.answers.end(),
                                 [&](const auto& answers) { return answers.size() == out.panes.size(); });
  const bool reference =
      out.settings.reference >= 0 && static_cast<std::size_t>(out.settings.reference) < out.panes.size();
  if (out.prompts.empty() || out.panes.size() > kMostPanes || !whole || !reference) refuse(path);
  return out;
}

std::vector<std::string> changes_since(const Replay& replay, const Comparison& now) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < now.panes.size(); ++i) {
    const ComparePane& pane = now.panes[i];
    if (!pane.file_hash.empty() && !replay.file_hashes[i].empty() && pane.file_hash != replay.file_hashes[i])
      out.push_back(pane.label + ": the file is another one");
  }
  for (std::size_t p = 0; p < now.prompts.size(); ++p) {
    for (std::size_t i = 0; i < now.panes.size(); ++i) {
      const std::string change = answer_change(replay.answers[p][i], now.prompts[p].answers[i]);
      if (!change.empty())
        out.push_back("prompt " + now.prompts[p].id + ", " + now.panes[i].label + ": " + change);
    }
  }
  return out;
}

std::string replay_text(const Replay& replay, const Comparison& now) {
  std::string out;
  const std::vector<std::string> changes = changes_since(replay, now);
  for (const std::string& change : changes) out += printable(change, 400) + "\n";
  if (changes.empty())
    out += strf("all answers to %zu %s of %zu panes are as they were\n", now.prompts.size(),
                now.prompts.size() == 1 ? "prompt" : "prompts", now.panes.size());
  for (std::size_t i = 0; i < now.panes.size(); ++i) {
    const double rate = totals(now, i).generation_rate, before = replay.rates[i];
    if (rate <= 0 || before <= 0) continue;
    out += strf("%c %s: %.1f t/s, were %.1f (%+.1f %%)\n", pane_letter(i),
                printable(now.panes[i].label, 60).c_str(), rate, before, 100 * (rate / before - 1));
  }
  return out;
}

}  // namespace glim::app
