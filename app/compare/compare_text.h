#pragma once

#include <string>

#include "app/compare/comparison.h"

namespace glim::app {

/// One prompt with every pane's answer, its numbers and how it differs from the reference's. Safe to show.
std::string prompt_text(const Comparison& comparison, std::size_t prompt);

/// The panes as a table with their figures over all prompts, the notes, and what is missing. Safe to show.
std::string summary_text(const Comparison& comparison);

/// What is going on now in one line: "2/3 loaded, B loading weights 40%". Safe to show.
std::string progress_text(const Comparison& comparison);

/// A bar per token of the reference's answer, as high as the divergence there; several tokens share one when
/// there are more than `width`, and the worst counts.
std::string heat_line(const PaneDrift& drift, std::size_t width);

/// "A", "B", ...
char pane_letter(std::size_t pane);

/// "KLD .0190  top-1 96.9%  worst tok 81 (.47)  rank 9  ΔPPL +1.2%"; a bound begins with ≥.
std::string drift_text(const DriftSummary& drift);

/// "tok 42 "Missing"/"Too" p .71/.38"; counts from 1. Safe to show.
std::string split_text(const FirstSplit& split);

/// A divergence or probability with three to four digits and no zero before the point: ".0190", "2.91", "0".
std::string small_number(double value);

}  // namespace glim::app
