#pragma once

#include <string>
#include <vector>

namespace glim::app {

/// A table of text whose columns are as wide as their widest cell.
class TextTable {
 public:
  struct Column {
    std::string title;
    bool right = false;  ///< numbers stand at the right
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as columns, safe to print.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  std::string plain() const;     ///< blanks between the columns
  std::string markdown() const;  ///< bars inside cells are escaped

 private:
  std::vector<int> widths(bool escaped) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// One line of comma-separated values (RFC 4180, but with \n at its end).
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace glim::app
