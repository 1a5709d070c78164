#pragma once

// Not for others: compare_app.h is.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/compare/compare_app.h"
#include "app/compare/compare_keys.h"
#include "app/compare/compare_state.h"
#include "app/compare/compare_texts.h"
#include "app/compare/report_view.h"
#include "app/compare/runner.h"
#include "app/screen_loop.h"
#include "engine/base/error.h"
#include "ui/compare_screen.h"

namespace glim::app {

/// Writes the report where it is wanted, or under its date among the reports. Returns the names.
std::string save_report(const Comparison& comparison, const CompareScreenSetup& setup,
                        const std::string& path);

/// The compare screen while it runs: what keys do in compare_actions.cpp, the loop, the overlays and the
/// painting in compare_app.cpp.
class CompareApp {
 public:
  CompareApp(CompareScreenSetup setup, const ScreenDevices& devices);
  std::optional<int> run();

 private:
  // What happens.
  void on_event(const ui::TerminalEvent& event);
  void on_key(const ui::KeyEvent& key);
  bool on_overlay_key(const ui::KeyEvent& key);
  void on_picker_key(const ui::KeyEvent& key);
  void on_help_key(const ui::KeyEvent& key);
  void to_editor(const ui::KeyEvent& key);
  void act(CompareAction action, const ui::KeyEvent& key);
  bool act_on_screen(CompareAction action);
  bool act_on_scrolling(CompareAction action, const ui::KeyEvent& key);
  bool act_on_votes(CompareAction action, const ui::KeyEvent& key);
  void submit(const std::string& line);
  void command(const std::string& line);
  void interrupt();
  void escape(const ui::KeyEvent& key);

  // What it does.
  void open(std::vector<ComparePrompt> prompts);
  void change_panes(std::vector<std::string> words, std::int32_t reference);
  void add_pane(const std::string& word);
  void drop_pane(std::size_t pane);
  void ask_set(const std::string& path);
  void scroll(int place, int rows, bool pages);
  void go_to_change(int step);
  void show_prompt(int step);
  void graft(std::size_t pane);
  void set_diff(const std::string& name);
  void start_blind_round();
  void end_blind();
  void vote(std::int32_t place, bool all_bad);
  void open_report();
  void on_report_key(const ui::KeyEvent& key);
  void select_token(int step);
  void write_report(const std::string& path);
  void say(std::string message, bool is_error = false);
  void report(const Error& error);

  std::vector<ui::Completion> complete(const ui::CompletionRequest& request) const;
  std::vector<std::pair<std::string, std::string>> matching_choices() const;
  ui::PickerData picker() const;
  ui::CompareScreen screen();
  void update_views(ui::CompareScreen& screen);
  void paint();
  const Comparison& comparison() const { return runner_->state(); }
  std::size_t focused_pane() const { return pane_at_place(state_, state_.focused); }
  std::size_t count() const { return comparison().panes.size(); }
  void leave(int status) { end_ = Result{status, false}; }

  struct Result {
    int status;
    bool to_chat;
  };

  CompareScreenSetup setup_;
  ui::Terminal& terminal_;
  ui::LineEditor& editor_;
  const ui::GlyphSet& glyphs_;
  ScreenLoop loop_;
  CompareTexts texts_;
  CompareViewState state_;
  std::unique_ptr<CompareRunner> runner_;
  std::vector<ui::TranscriptView> views_;
  ReportViewState page_;
  std::optional<std::size_t> shown_token_;  ///< of the reference's answer: to be scrolled to
  std::optional<std::size_t> scrolled_;     ///< pane that the others are to follow in the next frame
  bool jump_ = false;                       ///< to the difference that is looked at
  ui::Size size_;
  ScreenLoop::Deadline message_until_;
  bool quit_asked_ = false;
  std::optional<Result> end_;
};

}  // namespace glim::app
