#include "app/report/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app::report {
namespace {

constexpr std::string_view kGap = "  ";
constexpr int kShortestName = 12;

std::string full_heading(const Table::Column& column) {
  return column.heading + (column.unit.empty() ? "" : ", " + column.unit);
}

std::string aligned(const std::string& text, int width, bool left) {
  if (left) return ui::pad(text, width);
  const int room = width - ui::display_width(text);
  return std::string(static_cast<std::size_t>(std::max(room, 0)), ' ') + text;
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// What a terminal shows of a table: widths of the columns that are kept.
class Layout {
 public:
  Layout(const Table& table, int width) : table_(table) {
    for (const Table::Column& column : table.columns)
      widths_.push_back(std::max(ui::display_width(column.heading), ui::display_width(column.unit)));
    for (const auto& row : table.rows)
      for (std::size_t i = 0; i < row.size(); ++i)
        widths_[i] = std::max(widths_[i], ui::display_width(printable(row[i].text)));
    for (std::size_t i = 0; i < table.columns.size(); ++i) kept_.push_back(i);
    while (total() > width && kept_.size() > 2) drop();
    if (total() > width) widths_[0] = std::max(kShortestName, widths_[0] - (total() - width));
  }

  std::string line(const std::function<std::string(std::size_t column)>& cell) const {
    std::string out;
    for (const std::size_t i : kept_) {
      if (!out.empty()) out += kGap;
      out += aligned(ui::fit(printable(cell(i)), widths_[i], "…"), widths_[i], table_.columns[i].left);
    }
    return without_trailing_blanks(out);
  }

  std::string left_out() const {
    std::string out;
    for (std::size_t i = 0; i < table_.columns.size(); ++i)
      if (std::find(kept_.begin(), kept_.end(), i) == kept_.end())
        out += (out.empty() ? "" : "; ") + full_heading(table_.columns[i]);
    return out;
  }

  int total() const {
    int sum = -static_cast<int>(kGap.size());
    for (const std::size_t i : kept_) sum += widths_[i] + static_cast<int>(kGap.size());
    return sum;
  }

 private:
  void drop() {
    // Of equal rank the one farthest to the right goes; the first column stays.
    auto worst = std::max_element(kept_.rbegin(), kept_.rend() - 1, [&](std::size_t a, std::size_t b) {
      return table_.columns[a].rank < table_.columns[b].rank;
    });
    kept_.erase(std::next(worst).base());
  }

  const Table& table_;
  std::vector<int> widths_;
  std::vector<std::size_t> kept_;
};

}  // namespace

TableBuilder::TableBuilder(std::string title, std::size_t rows) {
  table_.title = std::move(title);
  table_.rows.resize(rows);
}

TableBuilder& TableBuilder::text(std::string heading, const Text& text, int rank, bool left) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < table_.rows.size(); ++i) cells.push_back(text(i));
  if (std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); }))
    return *this;
  table_.columns.push_back({std::move(heading), {}, left, rank});
  for (std::size_t i = 0; i < cells.size(); ++i)
    table_.rows[i].push_back({cells[i].empty() ? "–" : cells[i], FigureKind::measured});
  return *this;
}

TableBuilder& TableBuilder::figures(const std::string& heading, const Value& value, Look look) {
  std::vector<const Figure*> column;
  for (std::size_t i = 0; i < table_.rows.size(); ++i) column.push_back(&value(i));
  explain(heading, column);
  double largest = 0;
  std::size_t present = 0, planned = 0;
  Unit unit = Unit::count;
  for (const Figure* figure : column) {
    if (!figure->present()) continue;
    unit = figure->unit;
    largest = std::max(largest, std::fabs(figure->value));
    ++present;
    planned += figure->kind == FigureKind::planned ? 1 : 0;
  }
  if (present == 0) return *this;
  const Scale scale = scale_for(unit, largest, look.binary);
  const bool all_planned = planned == present;
  const std::string kind = all_planned ? (scale.symbol.empty() ? "planned" : " planned") : "";
  table_.columns.push_back({heading, scale.symbol + kind, false, look.rank});
  for (std::size_t i = 0; i < column.size(); ++i) {
    const bool marked = column[i]->kind == FigureKind::planned && !all_planned;
    table_.rows[i].push_back({figure_text(*column[i], scale) + (marked ? " planned" : ""), column[i]->kind});
  }
  return *this;
}

void TableBuilder::explain(const std::string& heading, const std::vector<const Figure*>& column) {
  std::vector<std::string> reasons;
  for (const Figure* figure : column) {
    if (figure->why.empty()) continue;
    const bool absent = !figure->present();
    const std::string reason = (absent ? "" : "~ ") + heading + (absent ? " – " : ": ") + figure->why;
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(reason);
  }
  for (const std::string& reason : reasons) note(reason);
}

/// Headings that share a reason share a note.
void TableBuilder::note(const std::string& text) {
  for (const std::string_view mark : {std::string_view(" – "), std::string_view(": ")}) {
    const std::size_t at = text.find(mark);
    if (at == text.npos) continue;
    const std::string reason = text.substr(at);
    for (std::string& known : table_.notes) {
      const std::size_t same = known.find(mark);
      if (same == known.npos || known.substr(same) != reason) continue;
      std::string heading = text.substr(0, at);
      if (heading.rfind("~ ", 0) == 0) heading.erase(0, 2);
      known.insert(same, ", " + heading);
      return;
    }
    break;
  }
  table_.notes.push_back(text);
}

std::string terminal_text(const Table& table, int width) {
  if (table.empty()) return {};
  const Layout layout(table, width);
  std::string out = table.title + "\n";
  for (const ui::Line& line : ui::wrap(printable(table.lead, std::numeric_limits<std::size_t>::max()), width))
    if (!table.lead.empty()) out += ui::text_of(line) + "\n";
  out += layout.line([&](std::size_t i) { return table.columns[i].heading; });
  const bool has_units = std::any_of(table.columns.begin(), table.columns.end(),
                                     [](const Table::Column& column) { return !column.unit.empty(); });
  if (has_units) out += layout.line([&](std::size_t i) { return table.columns[i].unit; });
  std::string rule;
  for (int i = 0; i < std::min(layout.total(), width); ++i) rule += "─";
  out += rule + "\n";
  for (const auto& row : table.rows) out += layout.line([&](std::size_t i) { return row[i].text; });
  std::vector<std::string> notes = table.notes;
  if (const std::string missing = layout.left_out(); !missing.empty())
    notes.push_back("no room here for: " + missing);
  for (const std::string& note : notes)
    for (const ui::Line& line : ui::wrap(printable(note, std::numeric_limits<std::size_t>::max()), width))
      out += ui::text_of(line) + "\n";
  return out;
}

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, std::numeric_limits<std::size_t>::max())) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~>!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_text(const Table& table) {
  if (table.empty()) return {};
  std::string out = "## " + markdown_escaped(table.title) + "\n\n";
  if (!table.lead.empty()) out += markdown_escaped(table.lead) + "\n\n";
  out += "|";
  for (const Table::Column& column : table.columns)
    out += " " + markdown_escaped(full_heading(column)) + " |";
  out += "\n|";
  for (const Table::Column& column : table.columns) out += column.left ? "---|" : "---:|";
  for (const auto& row : table.rows) {
    out += "\n|";
    for (const Table::Cell& cell : row) out += " " + markdown_escaped(cell.text) + " |";
  }
  out += "\n\n";
  for (const std::string& note : table.notes) out += markdown_escaped(note) + "  \n";
  return out + (table.notes.empty() ? "" : "\n");
}

}  // namespace glim::app::report
