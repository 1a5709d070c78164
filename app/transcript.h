#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "app/chat_session.h"
#include "ui/glyphs.h"
#include "ui/sanitize.h"
#include "ui/transcript_pane.h"

namespace glim::app {

/// The turns of a conversation as messages that may be shown: everything goes through the sanitizer, of a
/// growing turn only what is new.
class Transcript {
 public:
  explicit Transcript(const ui::GlyphSet& glyphs) : glyphs_(&glyphs) {}

  void update(const std::vector<Turn>& turns, const Profile& profile);
  std::span<const ui::Message> messages() const { return messages_; }
  void toggle_thinking(std::uint64_t id);
  void toggle_long_text(std::uint64_t id);

 private:
  struct Taken {
    std::size_t text = 0, thinking = 0;  ///< bytes of the turn that were sanitised
    ui::Sanitizer text_sanitizer, thinking_sanitizer;
    bool finished = false;
  };
  void update_message(ui::Message& message, Taken& taken, const Turn& turn, bool hidden) const;
  std::string detail_of(const Turn& turn) const;

  const ui::GlyphSet* glyphs_;
  std::vector<ui::Message> messages_;
  std::map<std::uint64_t, Taken> taken_;
  std::set<std::uint64_t> toggled_;   ///< thinking shown against the profile's rule
  std::set<std::uint64_t> unfolded_;  ///< long messages that are shown whole
};

}  // namespace glim::app
