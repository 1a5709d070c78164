#include "app/report/html_text.h"

#include "ui/sanitize.h"

namespace glim::app::report {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string html_text(std::string_view text) {
  return escaped(ui::sanitize(text));
}

std::string html_line(std::string_view text) {
  return escaped(ui::sanitize_line(text));
}

}  // namespace glim::app::report
