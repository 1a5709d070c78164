#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace glim::ui {

struct SanitizeOptions {
  bool ascii_only = false;  ///< characters that the locale cannot show become \u{6C49}
  int tab_width = 4;
};

/// The one way from text that others wrote (models, files, tools) to text that may be shown. Its output is
/// UTF-8 whose only control character is the newline. Fed in pieces of any size it gives what it gives for
/// the whole; feeding it its own output changes nothing.
///
///   C0 except newline and tab, DEL       ^X
///   tab                                  blanks up to the next stop
///   escape sequences                     swallowed, "[esc]" once; a sequence ends at a newline or after 4096
///   bytes C1, as a character or a raw byte     "[x9b]" bytes that are no UTF-8              U+FFFD per
///   maximal part bidirectional controls               their names: "[RLO]" tags, zero-width characters
///   dropped and counted (joiners stay: they are part of emoji and of scripts) U+2028, U+2029, U+0085, CR LF
///   newline; a lone CR is ^M combining marks                      at most eight per base
class Sanitizer {
 public:
  explicit Sanitizer(const SanitizeOptions& options = {}) : options_(options) {}

  /// What can be shown so far. An unfinished character or a CR at the end waits for the next call.
  std::string push(std::string_view bytes);
  /// The rest; afterwards the sanitizer is as new, except for the counter.
  std::string finish();

  std::int64_t dropped() const { return dropped_; }  ///< invisible characters left out so far

 private:
  enum class State : std::uint8_t { text, escape, intermediate, csi, string, string_escape, single_shift };

  /// One decoded character of the input, or a byte that is none.
  struct Input {
    char32_t code;
    std::size_t length;
    bool valid;
  };

  void accept(const Input& input, std::string& out);
  bool swallow(const Input& input, std::string& out);
  bool after_escape(const Input& input, std::string& out);
  bool inside_string(const Input& input);
  void begin_escape(std::string& out);
  void show(const Input& input, std::string& out);
  bool show_control(const Input& input, std::string& out);
  void show_character(char32_t code, std::string& out);
  void emit(std::string_view marker, std::string& out);
  void newline(std::string& out);

  SanitizeOptions options_;
  State state_ = State::text;
  bool bell_ends_ = false;
  std::size_t swallowed_ = 0;  ///< bytes of the sequence being swallowed
  std::string pending_;        ///< at most three bytes of an unfinished character
  bool carriage_return_ = false;
  int column_ = 0;
  int marks_ = 0;
  std::int64_t dropped_ = 0;
};

/// The whole text at once.
std::string sanitize(std::string_view text, const SanitizeOptions& options = {});

/// For one row: newlines become blanks.
std::string sanitize_line(std::string_view text, const SanitizeOptions& options = {});

}  // namespace glim::ui
