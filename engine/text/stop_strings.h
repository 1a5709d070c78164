#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glim {

/// Watches a growing text for strings that end it. Text is passed on as soon as it can no longer be the start
/// of a stop string. The stop that is complete first wins, the longest of several that end at the same place,
/// so the result does not depend on the portions in which the text arrives. One per reply, one thread.
class StopStrings {
 public:
  struct Step {
    std::string text;                 ///< may be shown
    std::optional<std::size_t> stop;  ///< index of the stop string that follows `text`; nothing may follow it
  };

  explicit StopStrings(std::vector<std::string> stops);  ///< empty strings are ignored

  /// After a stop was found every further step is that stop again, with no text.
  Step push(std::string_view text);
  /// The text held back, at the end of a reply that no stop string ended.
  std::string flush();

 private:
  std::size_t possible_start() const;

  std::vector<std::string> stops_;
  std::string held_;  ///< shorter than the longest stop between calls
  std::optional<std::size_t> found_;
};

}  // namespace glim
