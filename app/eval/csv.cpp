#include "app/eval/csv.h"

namespace glim::app {
namespace {

/// Takes the field at the beginning of `rest`, without what separates it from the next.
std::string take_field(std::string_view& rest) {
  std::string out;
  if (!rest.empty() && rest.front() == '"') {
    rest.remove_prefix(1);
    while (!rest.empty()) {
      const char c = rest.front();
      rest.remove_prefix(1);
      if (c != '"') {
        out += c;
        continue;
      }
      if (rest.empty() || rest.front() != '"') break;
      out += '"';
      rest.remove_prefix(1);
    }
  }
  const std::size_t end = rest.find_first_of(",\n");
  out += rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end);
  if (!out.empty() && out.back() == '\r' && (rest.empty() || rest.front() == '\n')) out.pop_back();
  return out;
}

}  // namespace

std::vector<std::vector<std::string>> parse_csv(std::string_view bytes) {
  std::vector<std::vector<std::string>> records;
  while (!bytes.empty()) {
    std::vector<std::string>& record = records.emplace_back();
    for (;;) {
      record.push_back(take_field(bytes));
      if (bytes.empty()) break;
      const bool more = bytes.front() == ',';
      bytes.remove_prefix(1);
      if (!more) break;
    }
  }
  return records;
}

}  // namespace glim::app
