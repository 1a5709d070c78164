#pragma once

#include <filesystem>
#include <string>

#include "app/report/report.h"

namespace glim::app::report {

/// The summary for a terminal of `width` columns: scorecard, memory when there are several contexts, verdict.
std::string report_text(const Report& report, int width);

/// The whole report as a document; prompts and answers are folded.
std::string report_markdown(const Report& report);

/// With prompts one line per prompt and row, in the columns of the specification of compare reports; without,
/// one line per row with every metric, its spread and its kind. RFC 4180.
std::string report_csv(const Report& report);

/// Everything, with stable names; `schema` counts changes that old readers cannot live with. Absent figures
/// are objects too: they say why.
std::string report_json(const Report& report);

inline constexpr int kReportSchema = 1;

/// One page without scripts and without anything from outside.
std::string report_html(const Report& report);

/// Whether write_report() knows the extension of `path`; throws E501 otherwise. Ask before measuring.
void check_report_path(const std::filesystem::path& path);

/// Writes the format that the extension names: .md, .csv, .json, .html. The file stands under its name only
/// when it is complete. Throws E501 for another extension, E701.
void write_report(const Report& report, const std::filesystem::path& path);

}  // namespace glim::app::report
