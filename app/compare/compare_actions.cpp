#include <algorithm>
#include <utility>

#include "app/compare/compare_text.h"
#include "app/compare/compare_ui.h"
#include "app/compare/compare_view.h"
#include "app/compare/prompt_set.h"
#include "app/compare/votes.h"
#include "app/model_name.h"
#include "app/report/from_comparison.h"
#include "app/report/writers.h"
#include "engine/base/text.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

using Clock = ScreenLoop::Clock;

constexpr std::uint64_t kShuffle = 0x9e3779b97f4a7c15;  ///< of the places in blind rounds

std::string rest_after_word(const std::string& line, std::string& word) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  word = line.substr(0, blank);
  std::string rest = line.substr(std::min(blank + 1, line.size()));
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n')) rest.erase(0, 1);
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\n')) rest.pop_back();
  return rest;
}

/// A question without what came of it.
ComparePrompt only_the_question(const ComparePrompt& prompt) {
  ComparePrompt out = prompt;
  out.answers.clear();
  out.token_mismatch.clear();
  return out;
}

}  // namespace

std::string save_report(const Comparison& comparison, const CompareScreenSetup& setup,
                        const std::string& path) {
  const report::Report report = report::report_of(comparison);
  if (!path.empty()) {
    const std::filesystem::path file = expand_path(path);
    report::write_report(report, file);
    return ui::sanitize_line(file.string());
  }
  const std::filesystem::path folder = setup.paths.data / "reports";
  create_private_folder(folder);
  const std::string name = strf("compare-%lld", static_cast<long long>(comparison.started_at));
  for (const char* ending : {".md", ".csv", ".json", ".html"})
    report::write_report(report, folder / (name + ending));
  return ui::sanitize_line((folder / name).string()) + " .md .csv .json .html";
}

void CompareApp::submit(const std::string& line) {
  if (line.find_first_not_of(" \t\n") == std::string::npos) {
    state_.typing = false;
    return;
  }
  if (line[0] == '/' && line.substr(0, 2) != "//") {
    try {
      command(line.substr(1));
    } catch (const Error& error) {
      report(error);
    }
    return;
  }
  runner_->ask(line.substr(0, 2) == "//" ? line.substr(1) : line);
  state_.change.reset();
  state_.typing = false;
  for (ui::TranscriptView& view : views_) view.to_end();
  if (state_.blind) start_blind_round();
}

void CompareApp::command(const std::string& line) {
  std::string word;
  const std::string argument = rest_after_word(line, word);
  const CompareCommand& wanted = compare_command_named(word);
  const auto number = [&](std::size_t otherwise) {
    if (argument.empty()) return otherwise;
    const bool digit = argument.size() == 1 && argument[0] >= '0' && argument[0] <= '9';
    if (!digit)
      throw Error(ErrorCode::E501, "/" + std::string(wanted.name) + ": a pane is a number from 1 to 4");
    return static_cast<std::size_t>(argument[0] - '1');
  };
  if (wanted.action && *wanted.action != CompareAction::report) return act(*wanted.action, {});
  if (wanted.name == "add") return argument.empty() ? act(CompareAction::add_pane, {}) : add_pane(argument);
  if (wanted.name == "drop") return drop_pane(number(focused_pane()));
  if (wanted.name == "prompts") return ask_set(argument);
  if (wanted.name == "diffmode") return set_diff(argument);
  if (wanted.name == "graft") return graft(number(focused_pane()));
  if (wanted.name == "report") return argument.empty() ? open_report() : write_report(argument);
  if (wanted.name == "vote") {
    ui::KeyEvent key;
    key.text = argument;
    if (argument == "0") return act(CompareAction::tie, key);
    if (argument == "9") return act(CompareAction::all_bad, key);
    number(0);
    act(CompareAction::vote, key);
  }
}

void CompareApp::act(CompareAction action, const ui::KeyEvent& key) {
  try {
    if (act_on_screen(action) || act_on_scrolling(action, key) || act_on_votes(action, key)) return;
    switch (action) {
      case CompareAction::interrupt:
        return interrupt();
      case CompareAction::escape:
        return escape(key);
      case CompareAction::next_change:
        return go_to_change(1);
      case CompareAction::previous_change:
        return go_to_change(-1);
      case CompareAction::next_prompt:
        return show_prompt(1);
      case CompareAction::previous_prompt:
        return show_prompt(-1);
      case CompareAction::graft:
        return graft(focused_pane());
      case CompareAction::report:
        return open_report();
      case CompareAction::export_report:
        return write_report({});
      case CompareAction::drop_pane:
        return drop_pane(focused_pane());
      default:
        break;
    }
  } catch (const Error& error) {
    report(error);
  }
}

/// What changes how the panes are looked at.
bool CompareApp::act_on_screen(CompareAction action) {
  switch (action) {
    case CompareAction::help:
      state_.help_open = true;
      state_.help_filter.clear();
      state_.help_first = 0;
      return true;
    case CompareAction::back:
      if (state_.from_chat) end_ = Result{0, true};
      return true;
    case CompareAction::quit:
      leave(0);
      return true;
    case CompareAction::redraw:
      terminal_.repaint();
      return true;
    case CompareAction::suspend:
      terminal_.suspend();
      return true;
    case CompareAction::next_pane:
    case CompareAction::previous_pane:
      state_.focused = (state_.focused + (action == CompareAction::next_pane ? 1 : count() - 1)) % count();
      state_.change.reset();
      return true;
    case CompareAction::write:
      state_.typing = true;
      return true;
    case CompareAction::sync:
      state_.sync = !state_.sync;
      if (state_.sync) scrolled_ = focused_pane();
      return true;
    case CompareAction::diff:
      state_.diff = static_cast<DiffMode>((static_cast<int>(state_.diff) + 1) % kDiffModes);
      state_.change.reset();
      return true;
    case CompareAction::heat:
      state_.heat = !state_.heat;
      return true;
    case CompareAction::zoom:
      state_.zoomed = !state_.zoomed;
      return true;
    case CompareAction::metrics:
      state_.metrics = !state_.metrics;
      return true;
    case CompareAction::thoughts:
      state_.thoughts = !state_.thoughts;
      return true;
    case CompareAction::add_pane:
      if (state_.blind) throw Error(ErrorCode::E501, "a blind vote goes on; R ends it");
      if (count() == kMostPanes) throw Error(ErrorCode::E501, "there are four panes already; - drops one");
      state_.picker_open = true;
      state_.picker_filter.clear();
      state_.picker_selected = 0;
      return true;
    default:
      return false;
  }
}

bool CompareApp::act_on_scrolling(CompareAction action, const ui::KeyEvent& key) {
  const bool wheel = key.key == ui::Key::wheel_up || key.key == ui::Key::wheel_down;
  auto place = static_cast<int>(state_.focused);
  if (wheel) place = ui::pane_at(screen(), size_, key.mouse).value_or(place);
  ui::TranscriptView& view = views_[pane_at_place(state_, static_cast<std::size_t>(place))];
  switch (action) {
    case CompareAction::page_up:
    case CompareAction::page_down:
      scroll(place, action == CompareAction::page_up ? -1 : 1, true);
      return true;
    case CompareAction::row_up:
    case CompareAction::row_down:
      scroll(place, (action == CompareAction::row_up ? -1 : 1) * (wheel ? 3 : 1), false);
      return true;
    case CompareAction::to_top:
      view.to_top();
      scrolled_ = focused_pane();
      return true;
    case CompareAction::to_end:
      view.to_end();
      scrolled_ = focused_pane();
      return true;
    default:
      return false;
  }
}

void CompareApp::scroll(int place, int rows, bool pages) {
  const std::size_t pane = pane_at_place(state_, static_cast<std::size_t>(place));
  if (pages)
    views_[pane].scroll_pages(rows);
  else
    views_[pane].scroll_lines(rows);
  scrolled_ = pane;
}

bool CompareApp::act_on_votes(CompareAction action, const ui::KeyEvent& key) {
  switch (action) {
    case CompareAction::blind:
      if (state_.blind)
        end_blind();
      else
        start_blind_round();
      return true;
    case CompareAction::reveal:
      if (state_.blind) end_blind();
      return true;
    case CompareAction::vote:
      vote(key.text.empty() ? 0 : key.text[0] - '1', false);
      return true;
    case CompareAction::vote_left:
    case CompareAction::vote_right:
      if (count() == 2) {
        vote(action == CompareAction::vote_left ? 0 : 1, false);
      } else {
        act_on_screen(action == CompareAction::vote_left ? CompareAction::previous_pane
                                                         : CompareAction::next_pane);
      }
      return true;
    case CompareAction::tie:
      vote(-1, false);
      return true;
    case CompareAction::all_bad:
      vote(-1, true);
      return true;
    case CompareAction::undo_vote:
      say(runner_->undo_vote() ? "the last vote is taken back" : "there is no vote to take back");
      if (state_.blind) state_.blind->said.clear();
      return true;
    default:
      return false;
  }
}

/// `place` on screen, -1 for none of them.
void CompareApp::vote(std::int32_t place, bool all_bad) {
  if (!all_answered(comparison())) throw Error(ErrorCode::E501, "vote when all panes have answered");
  if (place >= static_cast<std::int32_t>(count()))
    throw Error(ErrorCode::E501, strf("there are panes 1 to %zu", count()));
  std::vector<std::int32_t> shown;
  for (std::size_t i = 0; i < count(); ++i)
    shown.push_back(static_cast<std::int32_t>(pane_at_place(state_, i)));
  runner_->pick(comparison().position, shown, place, all_bad);
  const std::string choice = place >= 0 ? place_name(comparison(), static_cast<std::size_t>(place))
                             : all_bad  ? "all bad"
                                        : "tie";
  if (!state_.blind)
    return say("voted: " +
               (place >= 0
                    ? std::string(1, pane_letter(pane_at_place(state_, static_cast<std::size_t>(place))))
                    : choice));
  state_.blind->said = choice;
  if (comparison().position + 1 < static_cast<std::int32_t>(comparison().prompts.size())) show_prompt(1);
}

void CompareApp::start_blind_round() {
  BlindRound round;
  round.prompt = std::max(comparison().position, 0);
  for (const std::int32_t pane :
       shown_order(round.prompt, count(), kShuffle ^ static_cast<std::uint64_t>(comparison().started_at)))
    round.order.push_back(static_cast<std::size_t>(pane));
  if (state_.blind && state_.blind->prompt != round.prompt) round.said.clear();
  state_.blind = std::move(round);
  state_.focused = 0;
  state_.change.reset();
  state_.message.clear();
}

void CompareApp::end_blind() {
  state_.focused = pane_at_place(state_, state_.focused);
  state_.blind.reset();
}

void CompareApp::graft(std::size_t pane) {
  if (state_.blind) throw Error(ErrorCode::E501, "a blind vote goes on; R ends it");
  runner_->graft(comparison().position, pane);
  if (pane < views_.size()) views_[pane].to_end();
}

void CompareApp::show_prompt(int step) {
  const std::int32_t wanted = comparison().position + step;
  if (wanted < 0 || wanted >= static_cast<std::int32_t>(comparison().prompts.size()))
    return say(step > 0 ? "this is the last prompt; i writes another one" : "this is the first prompt");
  runner_->show(wanted);
  state_.change.reset();
  for (ui::TranscriptView& view : views_) view.to_end();
  if (state_.blind) start_blind_round();
}

/// Of the focused pane; of the first other one when the reference has the focus.
void CompareApp::go_to_change(int step) {
  if (state_.blind) return;
  const auto reference = static_cast<std::size_t>(comparison().settings.reference);
  if (state_.focused == reference) {
    state_.focused = reference == 0 ? 1 : 0;
    state_.change.reset();
  }
  const std::size_t total = texts_.changes(state_.focused).size();
  if (total == 0) return say("no difference from the reference");
  const std::size_t last = total - 1;
  if (!state_.change)
    state_.change = step > 0 ? 0 : last;
  else
    state_.change = step > 0 ? (*state_.change >= last ? 0 : *state_.change + 1)
                             : (*state_.change == 0 ? last : std::min(*state_.change, total) - 1);
  jump_ = true;
}

void CompareApp::set_diff(const std::string& name) {
  for (int i = 0; i < kDiffModes; ++i) {
    if (name != diff_mode_name(static_cast<DiffMode>(i))) continue;
    state_.diff = static_cast<DiffMode>(i);
    state_.change.reset();
    return;
  }
  throw Error(ErrorCode::E501, "/diffmode: there are off, word, token and splits");
}

/// The panes are set up anew, and the question at hand is asked again.
/// Panes that stay keep what they have loaded and answered.
void CompareApp::change_panes(std::vector<std::string> words, std::int32_t reference) {
  std::vector<ComparePrompt> prompts;
  for (const ComparePrompt& prompt : comparison().prompts) prompts.push_back(only_the_question(prompt));
  std::vector<std::string> before = std::exchange(setup_.wishes.words, std::move(words));
  const std::int32_t reference_before = std::exchange(setup_.settings.reference, reference);
  try {
    open(std::move(prompts));
  } catch (const Error&) {
    setup_.wishes.words = std::move(before);
    setup_.settings.reference = reference_before;
    throw;
  }
}

void CompareApp::add_pane(const std::string& word) {
  if (state_.blind) throw Error(ErrorCode::E501, "a blind vote goes on; R ends it");
  std::vector<std::string> words = setup_.wishes.words;
  words.push_back(word);
  change_panes(std::move(words), setup_.settings.reference);
}

void CompareApp::drop_pane(std::size_t pane) {
  if (state_.blind) throw Error(ErrorCode::E501, "a blind vote goes on; R ends it");
  if (pane >= count()) throw Error(ErrorCode::E501, strf("/drop: there are panes 1 to %zu", count()));
  if (count() == kFewestPanes) throw Error(ErrorCode::E501, "two panes are the fewest; + adds one");
  if (setup_.wishes.words.size() != count())
    throw Error(ErrorCode::E501, "the panes are KV types of one model; leave and choose other types");
  std::vector<std::string> words = setup_.wishes.words;
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(pane));
  const auto dropped = static_cast<std::int32_t>(pane), reference = setup_.settings.reference;
  change_panes(std::move(words), dropped == reference ? 0 : reference - (dropped < reference ? 1 : 0));
}

void CompareApp::ask_set(const std::string& path) {
  if (path.empty()) throw Error(ErrorCode::E501, "/prompts: no file is named; write /prompts FILE");
  std::vector<ComparePrompt> prompts = read_prompt_set(expand_path(path));
  const std::int32_t first = static_cast<std::int32_t>(comparison().prompts.size());
  for (ComparePrompt& prompt : prompts) runner_->ask(std::move(prompt));
  runner_->show(first);
  state_.typing = false;
  if (state_.blind) start_blind_round();
}

void CompareApp::open_report() {
  if (state_.blind) throw Error(ErrorCode::E501, "a blind vote goes on; R ends it");
  if (comparison().prompts.empty()) return say("there is nothing to report yet; ask something");
  state_.report_open = true;
  page_ = {};
}

void CompareApp::write_report(const std::string& path) {
  const auto tell = [&](std::string message, bool is_error) {
    if (!state_.report_open) return say(std::move(message), is_error);
    page_.message = std::move(message);
    page_.message_is_error = is_error;
  };
  try {
    tell("saved: " + save_report(comparison(), setup_, path), false);
  } catch (const Error& error) {
    tell(ui::sanitize_line(error.what()), true);
  }
}

void CompareApp::say(std::string message, bool is_error) {
  state_.message = std::move(message);
  state_.message_is_error = is_error;
  message_until_ = Clock::now() + std::chrono::seconds(is_error ? 5 : 2);
}

void CompareApp::report(const Error& error) {
  say(ui::sanitize_line(error.what()) + (error.help().empty() ? "" : "; " + ui::sanitize_line(error.help())),
      true);
}

}  // namespace glim::app
