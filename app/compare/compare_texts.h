#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "app/compare/compare_state.h"
#include "app/compare/comparison.h"
#include "app/compare/shown_answer.h"
#include "ui/glyphs.h"
#include "ui/transcript_pane.h"

namespace glim::app {

/// The question at hand and what every pane says to it, as messages that may be shown, with the marks that
/// the view asks for. Of growing answers only what is new is sanitised; differences are looked for again when
/// an answer has grown by a part of itself.
class CompareTexts {
 public:
  explicit CompareTexts(const ui::GlyphSet& glyphs);

  void update(const Comparison& comparison, const CompareViewState& state);

  std::span<const ui::Message> messages(std::size_t pane) const;
  /// Differences of the pane's answer from the reference's, in the mode of the view.
  const std::vector<TextChange>& changes(std::size_t pane) const;
  const ShownAnswer& answer(std::size_t pane) const;
  /// The place in pane `to` that belongs to a place in pane `from`: the same sentence of the same block.
  ui::Place matching_place(std::size_t from, const ui::Place& place, std::size_t to) const;
  /// Where byte `offset` of the pane's answer is.
  ui::Place place_of(std::size_t pane, std::size_t offset) const;

 private:
  /// What marks depend on.
  struct MarkKey {
    DiffMode diff = DiffMode::off;
    bool heat = false, blind = false, running = false;
    std::size_t highlighted = 0, heat_of = 0, heat_rows = 0;
    std::int32_t split = -1;
    friend bool operator==(const MarkKey&, const MarkKey&) = default;
  };
  struct Pane {
    explicit Pane(const ui::SanitizeOptions& options) : answer(options), graft(options) {}
    ShownAnswer answer, graft;
    std::vector<ui::Message> messages;
    std::vector<TextChange> changes;
    std::shared_ptr<const ui::TextMarks> marks;
    MarkKey key;
    std::size_t marked_size = 0, marked_reference_size = 0;
    bool marked = false;
  };
  struct At {
    const Comparison& comparison;
    const CompareViewState& state;
    const ComparePrompt& prompt;
    std::size_t index, reference;
    const CompareAnswer& answer() const { return prompt.answers[index]; }
  };

  std::uint64_t id(int kind, std::uint64_t generation, const CompareViewState& state) const;
  void update_marks(Pane& pane, const At& at);
  MarkKey key_of(const At& at) const;
  void add_messages(Pane& pane, const At& at);
  void add_answer(Pane& pane, const At& at);
  void add_graft(Pane& pane, const At& at);
  void add_line(Pane& pane, ui::Role role, std::string text, const CompareViewState& state);

  const ui::GlyphSet* glyphs_;
  ui::SanitizeOptions options_;
  std::vector<Pane> panes_;
  std::int32_t prompt_ = -1;
};

/// What a pane is doing, in a few words: "weights 34%", "waits for its turn"; empty when it has nothing to
/// say.
std::string pane_activity(const ComparePane& pane);

}  // namespace glim::app
