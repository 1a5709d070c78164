#pragma once

#include <cstdint>
#include <vector>

#include "app/compare/comparison.h"
#include "ui/report_screen.h"

namespace glim::app {

enum class ReportOrder : std::uint8_t { panes, size, speed, drift };
inline constexpr int kReportOrders = 4;
const char* report_order_name(ReportOrder order);  ///< "pane", "size", "speed", "KLD"

/// A token of the reference's answer to a prompt that some pane finds least likely against it.
struct WorstToken {
  std::int32_t prompt = 0;
  std::size_t token = 0;  ///< index into the reference's answer
  double kld = 0;         ///< of the pane that is farthest off
};
/// The worst of all prompts, worst first, at most `most`.
std::vector<WorstToken> worst_tokens(const Comparison& comparison, std::size_t most);

struct ReportViewState {
  ReportOrder order = ReportOrder::panes;
  int selected = 0;  ///< among the worst tokens
  int first = 0;     ///< row of the page
  std::string message;
  bool message_is_error = false;
};

inline constexpr std::size_t kWorstTokens = 12;

/// What the panes cost and what they lose, over all prompts, as one page.
ui::ReportScreen report_screen(const Comparison& comparison, const ReportViewState& state,
                               const ui::GlyphSet& glyphs);

}  // namespace glim::app
