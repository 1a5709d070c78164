#include "app/text_table.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

std::string escaped(const std::string& cell) {
  std::string out;
  for (const char c : cell) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string padded(const std::string& cell, int width, bool right) {
  const std::string blanks(static_cast<std::size_t>(std::max(0, width - ui::display_width(cell))), ' ');
  return right ? blanks + cell : cell + blanks;
}

}  // namespace

void TextTable::add(std::vector<std::string> cells) {
  GLIM_ASSERT(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<int> TextTable::widths(bool escape) const {
  std::vector<int> out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = ui::display_width(columns_[i].title);
    for (const auto& row : rows_)
      width = std::max(width, ui::display_width(escape ? escaped(row[i]) : row[i]));
    out.push_back(width);
  }
  return out;
}

std::string TextTable::plain() const {
  const std::vector<int> width = widths(false);
  std::string out;
  const auto line = [&](const auto& cell) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      text += (i == 0 ? "" : "  ") + padded(cell(i), width[i], columns_[i].right);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) line([&](std::size_t i) { return row[i]; });
  return out;
}

std::string TextTable::markdown() const {
  const std::vector<int> width = widths(true);
  std::string out;
  const auto line = [&](const auto& cell) {
    out += "|";
    for (std::size_t i = 0; i < columns_.size(); ++i)
      out += " " + padded(cell(i), width[i], columns_[i].right) + " |";
    out += "\n";
  };
  line([&](std::size_t i) { return columns_[i].title; });
  line([&](std::size_t i) {
    const auto dashes = static_cast<std::size_t>(std::max(width[i], 3));
    return columns_[i].right ? std::string(dashes - 1, '-') + ":" : std::string(dashes, '-');
  });
  for (const auto& row : rows_) line([&](std::size_t i) { return escaped(row[i]); });
  return out;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += cells[i];
      continue;
    }
    out += '"';
    for (const char c : cells[i]) out += c == '"' ? "\"\"" : std::string(1, c);
    out += '"';
  }
  return out + "\n";
}

}  // namespace glim::app
