#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "app/compare/compare_ui.h"
#include "app/compare/compare_view.h"
#include "app/compare/replay.h"
#include "app/profile_fields.h"
#include "engine/base/text.h"
#include "engine/quantize/file_type.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

using Clock = ScreenLoop::Clock;

/// Letters go into the filter of an overlay; true when the filter changed.
bool edit_filter(std::string& filter, const ui::KeyEvent& key) {
  if (key.is(ui::Key::backspace)) {
    if (filter.empty()) return false;
    while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xc0) == 0x80) filter.pop_back();
    if (!filter.empty()) filter.pop_back();
    return true;
  }
  if (key.key != ui::Key::character || (key.modifiers & ~ui::shift) != 0) return false;
  filter += key.text;
  return true;
}

}  // namespace

CompareApp::CompareApp(CompareScreenSetup setup, const ScreenDevices& devices)
    : setup_(std::move(setup)),
      terminal_(devices.terminal),
      editor_(devices.editor),
      glyphs_(ui::glyphs_for_locale()),
      loop_(terminal_),
      texts_(glyphs_) {
  state_.from_chat = setup_.from_chat;
  state_.typing = setup_.prompts.empty();
  open(std::move(setup_.prompts));
  if (setup_.blind) start_blind_round();
  editor_.set_completion([this](const ui::CompletionRequest& request) { return complete(request); });
}

std::optional<int> CompareApp::run() {
  size_ = terminal_.size();
  editor_.set_columns(size_.cols);
  for (const ui::TerminalEvent& event : terminal_.read_events(false)) on_event(event);
  while (!end_) {
    if (runner_->poll()) loop_.changed();
    if (loop_.frame_due()) paint();
    for (const ui::TerminalEvent& event : loop_.wait(runner_->wake_fds(), runner_->busy(), message_until_))
      if (!end_) on_event(event);
    if (message_until_ && Clock::now() >= *message_until_) {
      message_until_.reset();
      quit_asked_ = false;
      state_.message.clear();
      loop_.changed();
    }
  }
  editor_.set_completion({});
  keep_for_replay(comparison(), setup_.paths.data);
  if (!setup_.report.empty() && !comparison().prompts.empty())
    save_report(comparison(), setup_, setup_.report.string());
  return end_->to_chat ? std::nullopt : std::optional(end_->status);
}

void CompareApp::open(std::vector<ComparePrompt> prompts) {
  CompareRunner::Setup setup;
  setup.panes = pane_specs(setup_.wishes, setup_.profiles);
  setup.places = setup_.places;
  setup.data = setup_.paths.data;
  setup.settings = setup_.settings;
  setup.prompts = std::move(prompts);
  setup.set_name = setup_.set_name;
  setup.previous = runner_.get();
  auto next = std::make_unique<CompareRunner>(setup_.source, std::move(setup));
  runner_ = std::move(next);
  views_.clear();
  views_.resize(count());
  state_.focused = std::min(state_.focused, count() - 1);
  state_.change.reset();
  runner_->start();
}

void CompareApp::on_event(const ui::TerminalEvent& event) {
  using Kind = ui::TerminalEvent::Kind;
  switch (event.kind) {
    case Kind::key:
      on_key(event.key);
      break;
    case Kind::resized:
    case Kind::resumed:
      size_ = event.kind == Kind::resized ? event.size : terminal_.size();
      editor_.set_columns(size_.cols);
      break;
    case Kind::suspend:
      terminal_.suspend();
      break;
    case Kind::signal:
      if (event.signal_number == SIGINT) interrupt();
      if (event.signal_number == SIGTERM || event.signal_number == SIGHUP) leave(128 + event.signal_number);
      break;
    case Kind::closed:
      leave(128 + SIGHUP);
      break;
  }
  loop_.touched();
}

void CompareApp::on_key(const ui::KeyEvent& key) {
  if (key.key == ui::Key::unknown || key.key == ui::Key::focus_in || key.key == ui::Key::focus_out) return;
  if (on_overlay_key(key)) return;
  const KeyContext context = {state_.typing, state_.blind.has_value()};
  if (key.key == ui::Key::mouse_press) {
    ui::CompareScreen shown = screen();
    if (const auto place = ui::pane_at(shown, size_, key.mouse)) {
      state_.focused = static_cast<std::size_t>(*place);
      state_.typing = false;
    } else {
      state_.typing = true;
    }
  } else if (state_.typing && key.is(ui::Key::tab) && editor_.empty()) {
    state_.typing = false;
  } else if (const auto action = compare_action(key, context)) {
    act(*action, key);
  } else {
    const bool writes = key.key == ui::Key::character || key.key == ui::Key::paste;
    if (writes) state_.typing = true;
    if (state_.typing) to_editor(key);
  }
}

bool CompareApp::on_overlay_key(const ui::KeyEvent& key) {
  if (!state_.help_open && !state_.picker_open && !state_.report_open) return false;
  const KeyContext anywhere = {true, false};
  const auto action = compare_action(key, anywhere);
  for (const CompareAction always : {CompareAction::quit, CompareAction::redraw, CompareAction::suspend})
    if (action == always) return false;
  if (key.is(ui::Key::escape) || key.is_control('c')) {
    if (state_.help_open || state_.picker_open)
      state_.help_open = state_.picker_open = false;
    else
      state_.report_open = false;
  } else if (state_.picker_open) {
    on_picker_key(key);
  } else if (state_.help_open) {
    on_help_key(key);
  } else if (key.is(ui::Key::f1)) {
    act(CompareAction::help, key);
  } else {
    on_report_key(key);
  }
  return true;
}

void CompareApp::on_picker_key(const ui::KeyEvent& key) {
  const auto choices = matching_choices();
  const int last = static_cast<int>(choices.size()) - 1, page = std::max(1, size_.rows / 2);
  int& selected = state_.picker_selected;
  if (key.is(ui::Key::enter)) {
    state_.picker_open = false;
    if (selected >= 0 && selected <= last) add_pane(choices[static_cast<std::size_t>(selected)].first);
    return;
  }
  if (edit_filter(state_.picker_filter, key)) selected = 0;
  if (key.is(ui::Key::up) || key.key == ui::Key::wheel_up) --selected;
  if (key.is(ui::Key::down) || key.key == ui::Key::wheel_down) ++selected;
  if (key.is(ui::Key::page_up)) selected -= page;
  if (key.is(ui::Key::page_down)) selected += page;
  if (key.is(ui::Key::home)) selected = 0;
  if (key.is(ui::Key::end)) selected = last;
  selected = std::clamp(selected, 0, std::max(0, last));
}

void CompareApp::on_help_key(const ui::KeyEvent& key) {
  const int page = std::max(1, size_.rows / 2);
  if (key.is(ui::Key::f1)) state_.help_open = false;
  if (edit_filter(state_.help_filter, key)) state_.help_first = 0;
  if (key.is(ui::Key::up) || key.key == ui::Key::wheel_up) --state_.help_first;
  if (key.is(ui::Key::down) || key.key == ui::Key::wheel_down) ++state_.help_first;
  if (key.is(ui::Key::page_up)) state_.help_first -= page;
  if (key.is(ui::Key::page_down)) state_.help_first += page;
  state_.help_first = std::max(0, state_.help_first);
}

void CompareApp::to_editor(const ui::KeyEvent& key) {
  const ui::LineEditor::Result result = editor_.feed(key);
  for (const std::string& line : result.sent) submit(line);
  if (result.end_of_input) leave(0);
}

void CompareApp::on_report_key(const ui::KeyEvent& key) {
  page_.message.clear();
  const int page = ui::report_page_rows(size_);
  const auto is = [&](const char* text) { return key.key == ui::Key::character && key.text == text; };
  if (key.is(ui::Key::page_up)) page_.first -= page;
  if (key.is(ui::Key::page_down)) page_.first += page;
  if (key.key == ui::Key::wheel_up) page_.first -= 3;
  if (key.key == ui::Key::wheel_down) page_.first += 3;
  if (key.is(ui::Key::home)) page_.first = 0;
  if (key.is(ui::Key::end)) page_.first = 1 << 20;
  if (key.is(ui::Key::up) || is("k")) select_token(-1);
  if (key.is(ui::Key::down) || is("j")) select_token(1);
  if (is("s")) page_.order = static_cast<ReportOrder>((static_cast<int>(page_.order) + 1) % kReportOrders);
  if (is("e")) write_report({});
  if (is("y")) {
    std::string text;
    for (const ui::Line& line :
         ui::table_lines(report_screen(comparison(), page_, glyphs_).scorecard, 1000, glyphs_))
      text += ui::text_of(line) + "\n";
    terminal_.copy(text);
    page_.message = "the table is on the clipboard, if the terminal allows that";
  }
  if (key.is(ui::Key::enter)) {
    const std::vector<WorstToken> worst = worst_tokens(comparison(), kWorstTokens);
    if (page_.selected < 0 || page_.selected >= static_cast<int>(worst.size())) return;
    const WorstToken& token = worst[static_cast<std::size_t>(page_.selected)];
    runner_->show(token.prompt);
    state_.report_open = false;
    shown_token_ = token.token;
  }
  const int rows =
      static_cast<int>(ui::report_lines(report_screen(comparison(), page_, glyphs_), size_.cols).size());
  page_.first = std::clamp(page_.first, 0, std::max(0, rows - page));
}

/// Moves through the worst tokens and keeps the chosen one in view.
void CompareApp::select_token(int step) {
  const auto total = static_cast<int>(worst_tokens(comparison(), kWorstTokens).size());
  page_.selected = std::clamp(page_.selected + step, 0, std::max(0, total - 1));
  const int row = ui::selected_row(report_screen(comparison(), page_, glyphs_), size_.cols);
  const int page = ui::report_page_rows(size_);
  if (row >= 0) page_.first = std::clamp(page_.first, row - page + 1, row);
}

void CompareApp::interrupt() {
  if (runner_->stop()) return;
  if (!editor_.empty() || editor_.searching()) return editor_.clear();
  if (quit_asked_) return leave(0);
  say("press Ctrl-C again or F10 to quit");
  quit_asked_ = true;
}

void CompareApp::escape(const ui::KeyEvent& key) {
  if (state_.typing && editor_.wants_escape()) return to_editor(key);
  if (runner_->stop()) return;
  if (!state_.typing) {
    state_.typing = true;
  } else if (state_.from_chat) {
    end_ = Result{0, true};
  }
}

std::vector<ui::Completion> CompareApp::complete(const ui::CompletionRequest& request) const {
  std::vector<ui::Completion> out;
  const std::string_view draft = request.draft.substr(0, request.end);
  const std::string_view word = draft.substr(std::min(request.begin, draft.size()));
  if (draft.empty() || draft[0] != '/') return out;
  if (request.begin == 0) {
    for (const CompareCommand& one : compare_commands())
      if (const std::string name = "/" + std::string(one.name); name.starts_with(word))
        out.push_back({name, std::string(one.help)});
  } else if (draft.starts_with("/add ")) {
    for (auto& [name, description] : pane_choices(setup_.profiles))
      if (name.starts_with(word)) out.push_back({name, description});
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> CompareApp::matching_choices() const {
  std::vector<ui::PickerRow> rows;
  const auto all = pane_choices(setup_.profiles);
  for (const auto& [name, description] : all) rows.push_back({ui::sanitize_line(name), ""});
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::size_t index : ui::matching_rows(rows, state_.picker_filter)) out.push_back(all[index]);
  return out;
}

ui::PickerData CompareApp::picker() const {
  ui::PickerData out;
  out.title = "one more pane";
  out.filter = state_.picker_filter;
  out.total = static_cast<int>(pane_choices(setup_.profiles).size());
  for (const auto& [name, description] : matching_choices()) {
    const auto& words = setup_.wishes.words;
    const bool there = std::find(words.begin(), words.end(), name) != words.end();
    out.rows.push_back({ui::sanitize_line(name), ui::sanitize_line(description), there});
  }
  out.selected = std::clamp(state_.picker_selected, 0, std::max(0, static_cast<int>(out.rows.size()) - 1));
  return out;
}

ui::CompareScreen CompareApp::screen() {
  ui::CompareScreen out = compare_screen(comparison(), state_, texts_, glyphs_);
  out.input = editor_.input();
  out.input.focused = state_.typing && !state_.help_open;
  if (!state_.typing && out.input.text.empty())
    out.input.placeholder = "i or Enter: write a prompt for all panes";
  if (state_.picker_open) out.picker = picker();
  return out;
}

/// Lays the texts out. The pane that was scrolled goes first, then the others follow it.
void CompareApp::update_views(ui::CompareScreen& shown) {
  const auto update = [&](std::size_t pane) {
    int place = static_cast<int>(pane);
    for (std::size_t i = 0; i < count(); ++i)
      if (pane_at_place(state_, i) == pane) place = static_cast<int>(i);
    views_[pane].update(texts_.messages(pane), ui::transcript_options(shown, size_, place));
  };
  if (shown_token_) {
    const auto reference = static_cast<std::size_t>(comparison().settings.reference);
    const std::vector<ShownRange>& places = texts_.answer(reference).places();
    if (*shown_token_ < places.size()) {
      views_[reference].to_place(texts_.place_of(reference, places[*shown_token_].begin));
      views_[reference].scroll_lines(-2);
      scrolled_ = reference;
    }
    shown_token_.reset();
  }
  if (std::exchange(jump_, false) && state_.change &&
      *state_.change < texts_.changes(state_.focused).size()) {
    const TextChange& change = texts_.changes(state_.focused)[*state_.change];
    const auto reference = static_cast<std::size_t>(comparison().settings.reference);
    views_[state_.focused].to_place(texts_.place_of(state_.focused, change.here.begin));
    views_[reference].to_place(texts_.place_of(reference, change.there.begin));
    for (const std::size_t pane : {state_.focused, reference}) views_[pane].scroll_lines(-2);
    scrolled_.reset();
  }
  const bool led = state_.sync && scrolled_.has_value();
  const std::size_t leader = led ? *scrolled_ : 0;
  scrolled_.reset();
  update(leader);
  for (std::size_t i = 0; i < count(); ++i) {
    if (leader == i) continue;
    if (led && views_[leader].following())
      views_[i].to_end();
    else if (led)
      views_[i].to_place(texts_.matching_place(leader, views_[leader].top_place(), i));
    update(i);
  }
}

void CompareApp::paint() {
  loop_.painted();
  if (ui::is_transient(size_)) return;
  if (state_.report_open) {
    ui::ReportScreen page = report_screen(comparison(), page_, glyphs_);
    static_cast<ui::Overlays&>(page) = screen();
    ui::Canvas canvas(size_);
    ui::draw(canvas, page);
    return terminal_.present(canvas);
  }
  texts_.update(comparison(), state_);
  ui::CompareScreen shown = screen();
  update_views(shown);
  for (std::size_t place = 0; place < count(); ++place)
    shown.panes[place].transcript = &views_[pane_at_place(state_, place)];
  ui::Canvas canvas(size_);
  ui::draw(canvas, shown);
  terminal_.present(canvas);
}

std::vector<std::pair<std::string, std::string>> pane_choices(const ProfileSet& profiles) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto text = [](const ProfileEntry& entry, const char* key) {
    const auto it = entry.settings.find(key);
    return it == entry.settings.end() ? std::string() : value_text(it->second.value);
  };
  for (const ProfileEntry& entry : profiles.entries())
    if (text(entry, "abstract") != "true") out.emplace_back(entry.name, text(entry, "description"));
  for (const FileType& type : kFileTypes) {
    std::string name = "spark:";
    for (const char c : type.name) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    out.emplace_back(std::move(name), "the built-in model in this type");
  }
  return out;
}

std::optional<int> run_compare_screen(CompareScreenSetup setup, const ScreenDevices& devices) {
  return CompareApp(std::move(setup), devices).run();
}

int run_compare(CompareScreenSetup setup, const ScreenOptions& options) {
  ui::LineEditorOptions editor_options;
  try {
    create_private_folder(setup.paths.state);
    editor_options.history_file = setup.paths.state / "history";
  } catch (const Error&) {
    // Without a place for the history it works all the same.
  }
  // What is wrong with the panes is said before the screen is taken.
  pane_specs(setup.wishes, setup.profiles);
  ui::TerminalOptions terminal_options;
  if (!options.color) terminal_options.colors = ui::ColorMode::none;
  terminal_options.mouse = options.mouse;
  ui::LineEditor editor(std::move(editor_options));
  ui::Terminal terminal(terminal_options);
  setup.from_chat = false;
  const std::optional<int> status = run_compare_screen(std::move(setup), {terminal, editor});
  terminal.restore();
  return status.value_or(0);
}

}  // namespace glim::app
