#pragma once

#include <string>
#include <string_view>

namespace glim {

/// Turns bytes that arrive in arbitrary portions into text: at most 3 bytes that begin a character are held
/// back until it is complete. Bytes that can belong to no character become U+FFFD, one for each maximal
/// well-formed prefix (Unicode 15, section 3.9), so the result does not depend on the portions. One stream
/// per reply, one thread.
class Utf8Stream {
 public:
  /// The text that is complete now, always valid UTF-8.
  std::string push(std::string_view bytes);
  /// What is left at the end of the reply: empty or one U+FFFD. The stream is then as new.
  std::string flush();
  std::size_t held() const { return held_.size(); }  ///< bytes waiting for their character's rest

 private:
  std::string held_;
};

}  // namespace glim
