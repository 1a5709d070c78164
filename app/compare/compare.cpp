#include "app/compare/compare.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "app/compare/blind_votes.h"
#include "app/compare/compare_app.h"
#include "app/compare/compare_json.h"
#include "app/compare/compare_text.h"
#include "app/compare/gate.h"
#include "app/compare/prompt_set.h"
#include "app/compare/replay.h"
#include "app/compare/run_to_end.h"
#include "app/compare/runner.h"
#include "app/profile_tools.h"
#include "app/progress_line.h"
#include "app/report/from_comparison.h"
#include "app/report/machine.h"
#include "app/report/writers.h"
#include "app/screen_options.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

std::string read_all(std::istream& stream) {
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

ComparePrompt typed_prompt(std::string text) {
  ComparePrompt prompt;
  prompt.id = "1";
  prompt.text = std::move(text);
  return prompt;
}

std::vector<ComparePrompt> prompts_of(const Job& job) {
  const CompareArguments& arguments = job.arguments.compare;
  if (!arguments.prompt_set.empty()) {
    if (!arguments.prompt.empty() || !arguments.prompt_file.empty())
      throw Error(ErrorCode::E501, "compare: --prompts and --prompt are both given; use one of them");
    return read_prompt_set(expand_path(arguments.prompt_set));
  }
  std::string text = arguments.prompt;
  if (!arguments.prompt_file.empty()) {
    std::ifstream stream(expand_path(arguments.prompt_file), std::ios::binary);
    const bool standard = arguments.prompt_file == "-";
    if (!standard && !stream)
      throw Error(ErrorCode::E501,
                  printable(arguments.prompt_file) + ": cannot read the prompt; check the path");
    text += (text.empty() ? "" : "\n\n") + read_all(standard ? job.console.in : stream);
  } else if (text.empty() && !job.console.in_is_terminal) {
    text = read_all(job.console.in);
  }
  if (text.empty())
    throw Error(ErrorCode::E501, "compare: there is no prompt; use --prompt, --prompts or standard input");
  return {typed_prompt(std::move(text))};
}

CompareMode mode_of(const std::string& name) {
  for (const CompareMode mode : {CompareMode::automatic, CompareMode::interleave, CompareMode::sequential})
    if (name == compare_mode_name(mode)) return mode;
  return CompareMode::automatic;  // the parser allows no other word
}

/// "2" and "b" are the second pane; also a label.
std::int32_t reference_of(const std::string& word, const std::vector<PaneSpec>& panes) {
  for (std::size_t i = 0; i < panes.size(); ++i) {
    const char letter = pane_letter(i);
    if (word == std::to_string(i + 1) || word == std::string(1, letter) ||
        word == std::string(1, static_cast<char>(letter - 'A' + 'a')) || word == panes[i].label)
      return static_cast<std::int32_t>(i);
  }
  throw Error(ErrorCode::E501,
              strf("--reference %s: there are panes 1 to %zu", printable(word, 60).c_str(), panes.size()));
}

PaneWishes wishes_of(const Job& job) {
  const CompareArguments& arguments = job.arguments.compare;
  PaneWishes wishes;
  wishes.words = arguments.words;
  wishes.overrides = job.arguments.overrides;
  wishes.own_sampling = arguments.own_sampling;
  wishes.profile = job.arguments.profile;
  // -m names one more model here; a variable that names the usual model says nothing about a comparison.
  if (const auto model = wishes.overrides.find("model.path"); model != wishes.overrides.end()) {
    if (model->second.origin == "--model")
      wishes.words.insert(wishes.words.begin(), model->second.value.get<std::string>());
    wishes.overrides.erase(model);
  }
  wishes.overrides.erase("model.alias");
  if (!arguments.kv_types.empty()) wishes.kv_types = split_words(arguments.kv_types, ',');
  return wishes;
}

/// Shows a comparison on standard output while it goes on.
class Output {
 public:
  /// With `replay` what has changed since takes the place of the answers.
  Output(Console& console, const std::string& format, const Replay* replay)
      : console_(console), format_(format), replay_(replay) {}

  void update(const Comparison& comparison) {
    if (format_ == "jsonl") {
      for (const auto& event : events_.changes(comparison)) line(event);
    } else if (format_ == "text" && replay_ == nullptr) {
      while (printed_ < comparison.prompts.size() && complete(comparison, printed_))
        write_out(console_, prompt_text(comparison, printed_++));
    }
  }

  void finish(const Comparison& comparison) {
    if (format_ == "jsonl") {
      update(comparison);
      line(events_.end(comparison));
    } else if (format_ == "json") {
      nlohmann::ordered_json out = comparison_json(comparison);
      if (replay_ != nullptr) out["changes"] = changes_since(*replay_, comparison);
      write_out(console_, out.dump(2, ' ', false, kReplace) + "\n");
    } else if (replay_ != nullptr) {
      write_out(console_, replay_text(*replay_, comparison));
    } else {
      while (printed_ < comparison.prompts.size()) write_out(console_, prompt_text(comparison, printed_++));
      write_out(console_, summary_text(comparison));
    }
  }

 private:
  static constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;

  /// Nothing of it will change any more.
  static bool complete(const Comparison& comparison, std::size_t index) {
    const ComparePrompt& prompt = comparison.prompts[index];
    const auto reference = static_cast<std::size_t>(comparison.settings.reference);
    const bool scored = comparison.settings.drift && prompt.answers[reference].state == AnswerState::done;
    for (std::size_t i = 0; i < prompt.answers.size(); ++i) {
      const CompareAnswer& answer = prompt.answers[i];
      if (answer.state == AnswerState::waiting || answer.state == AnswerState::running) return false;
      const bool wants_drift = scored && i != reference && !comparison.panes[i].error;
      if (wants_drift && !(answer.drift && answer.drift->complete)) return false;
    }
    return true;
  }

  void line(const nlohmann::ordered_json& event) {
    write_out(console_, event.dump(-1, ' ', false, kReplace) + "\n");
  }

  Console& console_;
  const std::string format_;
  const Replay* replay_;
  CompareEvents events_;
  std::size_t printed_ = 0;
};

void write_comparison(const Comparison& comparison, const std::filesystem::path& path) {
  report::Report out = report::report_of(comparison);
  const auto machine =
      report::machine_facts(comparison.panes.empty() ? std::string() : comparison.panes.front().backend);
  out.provenance.insert(out.provenance.begin(), machine.begin(), machine.end());
  report::write_report(out, path);
}

/// The status of a comparison of which nothing came.
int status_of_failures(const Comparison& comparison) {
  int status = 0;
  for (const ComparePrompt& prompt : comparison.prompts) {
    for (const CompareAnswer& answer : prompt.answers) {
      if (!answer.error) return 0;
      if (status == 0) status = exit_status(answer.error->code);
    }
  }
  return status;
}

/// Throws E501 for flags that have nothing to do with each other.
void check_together(const Job& job) {
  const CompareArguments& arguments = job.arguments.compare;
  const bool prompt =
      !arguments.prompt.empty() || !arguments.prompt_file.empty() || !arguments.prompt_set.empty();
  const bool standard = arguments.prompt_file == "-" || !prompt;
  const bool screen = wants_screen(job.arguments, job.console);
  const auto& overrides = job.arguments.overrides;
  const bool settings = std::any_of(overrides.begin(), overrides.end(), [](const auto& override) {
    return override.second.origin.starts_with("-");  // not of a variable
  });
  if (!arguments.replay.empty() && (prompt || settings || !arguments.words.empty()))
    throw Error(ErrorCode::E501, "--replay takes models, prompts and settings from its file; leave them out");
  if (!arguments.blind) return;
  if (!arguments.replay.empty() || arguments.output != "text")
    throw Error(ErrorCode::E501,
                "--blind is for people: it goes with neither --replay nor -o " + arguments.output);
  if (!screen && standard)
    throw Error(ErrorCode::E501,
                "--blind reads votes from standard input; name the prompt with --prompt or --prompts");
}

CompareRunner::Setup setup_of(const Job& job) {
  const CompareArguments& arguments = job.arguments.compare;
  CompareRunner::Setup setup;
  setup.panes = pane_specs(wishes_of(job), chosen_profiles(job.arguments, job.paths));
  setup.places = job.places;
  setup.data = job.paths.data;
  setup.settings.asked = mode_of(arguments.mode);
  setup.settings.drift = !arguments.no_drift;
  setup.settings.reference = reference_of(arguments.reference, setup.panes);
  setup.prompts = prompts_of(job);
  setup.set_name = std::filesystem::path(arguments.prompt_set).filename().string();
  return setup;
}

CompareRunner::Setup setup_again(const Job& job, const Replay& replay) {
  CompareRunner::Setup setup;
  setup.panes = replay.panes;
  setup.places = job.places;
  setup.data = job.paths.data;
  setup.settings = replay.settings;
  setup.prompts = replay.prompts;
  setup.set_name = replay.set_name;
  return setup;
}

/// Nothing that is said before the votes tells panes apart.
int run_blind(const Job& job, CompareRunner& runner) {
  int interrupted = 0;
  {
    ProgressLine progress(job.console, "compare");
    interrupted = run_to_end(runner, job.signals, [&](const Comparison& comparison) {
      progress.show(strf("%zu prompts", comparison.prompts.size()), false);
    });
  }
  if (interrupted == 0) interrupted = vote_blind(runner, job.console, job.signals);
  write_out(job.console, summary_text(runner.state()));
  return interrupted;
}

/// The terminal takes the signals while the screen is there. What the user did not ask on the command line is
/// asked there.
int compare_on_screen(const Job& job, const std::filesystem::path& report_path) {
  const CompareArguments& arguments = job.arguments.compare;
  CompareScreenSetup setup{job.source,     job.paths, job.places, chosen_profiles(job.arguments, job.paths),
                           wishes_of(job), {},        {},         {},
                           report_path};
  setup.settings.asked = mode_of(arguments.mode);
  setup.settings.drift = !arguments.no_drift;
  setup.settings.reference = reference_of(arguments.reference, pane_specs(setup.wishes, setup.profiles));
  if (!arguments.prompt.empty() || !arguments.prompt_file.empty() || !arguments.prompt_set.empty())
    setup.prompts = prompts_of(job);
  setup.blind = arguments.blind;
  setup.set_name = std::filesystem::path(arguments.prompt_set).filename().string();
  job.signals.let_through();
  return run_compare(std::move(setup), screen_options(job.arguments));
}

}  // namespace

int compare(const Job& job) {
  const CompareArguments& arguments = job.arguments.compare;
  check_together(job);
  const std::vector<GateRule> rules =
      arguments.gate.empty() ? std::vector<GateRule>() : parse_gate(arguments.gate);
  const std::filesystem::path report_path = expand_path(arguments.report);
  if (!report_path.empty()) report::check_report_path(report_path);
  if (wants_screen(job.arguments, job.console) && arguments.output == "text" && rules.empty() &&
      arguments.replay.empty())
    return compare_on_screen(job, report_path);
  std::optional<Replay> replay;
  if (!arguments.replay.empty()) replay = read_replay(arguments.replay, job.paths.data);
  CompareRunner runner(job.source, replay ? setup_again(job, *replay) : setup_of(job));
  int interrupted = 0;
  if (arguments.blind) {
    interrupted = run_blind(job, runner);
  } else {
    Output output(job.console, arguments.output, replay ? &*replay : nullptr);
    ProgressLine progress(job.console, "compare");
    interrupted = run_to_end(runner, job.signals, [&](const Comparison& comparison) {
      output.update(comparison);
      progress.show(progress_text(comparison), false);
    });
    output.finish(runner.state());
  }
  const Comparison& result = runner.state();
  if (!replay) keep_for_replay(result, job.paths.data);
  if (!report_path.empty()) {
    write_comparison(result, report_path);
    say(job.console, "wrote " + printable(report_path.string()));
  }
  for (const ComparePane& pane : result.panes)
    if (pane.error)
      say(job.console, strf("%s: %s: %s", printable(pane.label, 60).c_str(), error_name(pane.error->code),
                            printable(pane.error->message, 500).c_str()));
  if (interrupted != 0) return interrupted;
  const std::vector<std::string> broken = broken_rules(rules, result);
  for (const std::string& sentence : broken) say(job.console, "GLIM-E801: gate: " + printable(sentence, 300));
  if (const int status = status_of_failures(result)) return status;
  return broken.empty() ? 0 : exit_status(ErrorCode::E801);
}

}  // namespace glim::app
