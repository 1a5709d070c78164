#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "app/report/writers.h"
#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

struct Format {
  std::string_view extension;
  std::string (*write)(const Report&);
};

constexpr std::array kFormats = {Format{".md", report_markdown}, Format{".csv", report_csv},
                                 Format{".json", report_json}, Format{".html", report_html}};

const Format& format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Format& format : kFormats)
    if (format.extension == extension) return format;
  throw Error(ErrorCode::E501,
              printable(path.string()) +
                  (extension.empty() ? ": the name of a report needs an extension that says its format"
                                     : ": no report is written in this format"),
              "use a name that ends in .md, .csv, .json or .html");
}

}  // namespace

void check_report_path(const std::filesystem::path& path) {
  format_of(path);
}

void write_report(const Report& report, const std::filesystem::path& path) {
  const std::string text = format_of(path).write(report);
  NewFile file(path);
  file.write(std::as_bytes(std::span(text)));
  file.give_name();
}

}  // namespace glim::app::report
