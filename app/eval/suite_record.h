#pragma once

#include <optional>

#include "app/eval/suite_arguments.h"
#include "app/eval/suite_report.h"
#include "app/store/measurement.h"
#include "app/store/result_store.h"

namespace glim::app {

/// Fills the figures and the result of a measurement of kind "suite" with the tests of a model that have come
/// to an end; a score only of suites that are complete. Transcripts are left out. False when there is nothing
/// to keep.
bool add_suite_results(Measurement& measurement, const SuiteModel& model);

/// Settings and threads of a measurement of suites with these flags on a loaded model.
void set_suite_settings(Measurement& measurement, const SuiteArguments& arguments, const SuiteModel& model);

/// How the tests of smoke_summary() last went with this file and KV type on any machine; of each the newest
/// stored result counts. Nothing when none was ever run. Throws E701.
std::optional<SmokeSummary> stored_smoke(const ResultStore& store, const std::string& file_hash,
                                         const std::string& kv_type);

/// Mean rate of the newest stored throughput test that can be compared with `here`: the same file, machine,
/// backend, cache type, micro-batch and threads. The build may differ: what a new one costs is the question.
/// Throws E701.
std::optional<double> previous_throughput(const ResultStore& store, const Measurement& here);

}  // namespace glim::app
