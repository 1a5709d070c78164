#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ui/input_pane.h"
#include "ui/keys.h"
#include "ui/paste_chips.h"

namespace glim::ui {

/// What can stand for the word of the draft between bytes `begin` and `end`. The candidates' `text` replaces
/// it.
struct CompletionRequest {
  std::string_view draft;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct LineEditorOptions {
  std::filesystem::path history_file = {};  ///< empty: none. Made with mode 0600.
  int history_size = 10000;
  std::string list_while_typing =
      "/";  ///< completions are listed without Tab while the draft begins with this
  std::function<std::vector<Completion>(const CompletionRequest&)> complete = {};
  std::function<std::optional<std::int64_t>(std::string_view)> count_tokens = {};  ///< of a long paste
};

/// The draft of the next message, edited by GNU readline: the user's ~/.inputrc applies ($if glim), with
/// history, search, undo, vi mode and macros. Nothing is printed; input() says what to draw. Functions that
/// an inputrc can bind: glim-send, glim-newline, glim-previous, glim-next, glim-edit.
///
/// Enter sends; Alt-Enter, Ctrl-J, Shift-Enter and a backslash before Enter insert a newline. Up and Down
/// move inside a draft of several rows, from its first and last row through the history. Drafts that begin
/// with a blank are not kept.
///
/// A paste of more than 20 lines or 4 kB is shown as a label that one Backspace deletes; what is sent, kept
/// in the history and given to an external editor has its whole text. Not where the locale has no UTF-8.
///
/// Readline's state is global: at most one LineEditor at a time, in one thread, and not beside read_line().
class LineEditor {
 public:
  explicit LineEditor(LineEditorOptions options = {});
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  struct Result {
    std::vector<std::string> sent;  ///< drafts that Enter finished, oldest first
    bool end_of_input = false;      ///< Ctrl-D on an empty draft
    bool edit_externally = false;   ///< Ctrl-X Ctrl-E: edit text() elsewhere, then set_text()
  };

  /// Never blocks. Give it the keys that the program does not want for itself.
  Result feed(const KeyEvent& key);

  std::string text() const { return chips_.expanded(text_); }  ///< as it would be sent
  std::size_t cursor() const {
    return cursor_;
  }  ///< bytes of the draft, in which a long paste counts as four
  bool empty() const { return text_.empty(); }
  bool has_long_paste() const { return chips_.near(text_, cursor_).has_value(); }
  bool searching() const;     ///< in Ctrl-R
  bool wants_escape() const;  ///< vi mode, or something that Esc ends: give Esc to feed()
  InputData input() const;    ///< prompt, text, cursor, mode, completions

  /// Who completes words from now on; nobody when empty.
  void set_completion(std::function<std::vector<Completion>(const CompletionRequest&)> complete) {
    options_.complete = std::move(complete);
  }

  void set_text(std::string_view text);  ///< cursor to its end; can be undone
  void insert(std::string_view text);
  void clear();         ///< can be undone (Ctrl-_)
  bool expand_paste();  ///< writes out the long paste at the cursor; false when there is none
  void set_prompt(std::string_view prompt);
  void set_columns(int columns);  ///< for readline's own ideas of the width
  void add_history(const std::string& draft);

 private:
  friend struct ReadlineHooks;
  void run(std::string_view bytes);
  void paste(const std::string& text);
  void capture();
  void finish_line(const char* line);
  void list_live_completions();
  std::vector<Completion> candidates_for(std::size_t begin, std::size_t end);

  LineEditorOptions options_;
  std::string queue_;  ///< bytes for readline
  std::size_t queue_at_ = 0;
  std::string prompt_ = "> ";
  std::string shown_prompt_;
  std::string text_;  ///< readline's, with marks for long pastes
  std::size_t cursor_ = 0;
  PasteChips chips_;
  std::vector<Completion> completions_;  ///< being listed
  Result result_;
};

/// One line from the terminal with readline's own display, for plain mode; the prompt goes to standard error
/// when standard output is no terminal. None at the end of input. Ctrl-C empties a line that is not empty;
/// on an empty one it is the signal that it always is. However it ends, the terminal is left as it was.
std::optional<std::string> read_line(const std::string& prompt);

}  // namespace glim::ui
