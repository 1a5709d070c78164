#include "app/debug_verify.h"

#include <array>
#include <cmath>

#include "app/measure_job.h"
#include "app/text_table.h"
#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/verified_devices.h"

namespace glim::app {
namespace {

constexpr std::string_view kText =
    "[gMASK]<sop><|user|>Count 1 to 5, then name three rivers that flow into the North Sea and say in one "
    "sentence why the water of a sea is salty.<|assistant|></think>1, 2, 3, 4, 5.";

std::string layer_text(std::int32_t layer) {
  return layer < 0 ? "-" : std::to_string(layer);
}

std::string distance_text(double distance) {
  return std::isfinite(distance) ? strf("%.2e", distance) : "not finite";
}

std::string beyond_text(const Lockstep& lockstep, double tolerance) {
  const StageDistance& first = lockstep.beyond.front();
  std::string out = strf("the first result beyond %g: %s of %s", tolerance, std::string(first.result).c_str(),
                         std::string(first.stage).c_str());
  if (first.layer >= 0) out += strf(" in layer %d", first.layer);
  return out + ", " + distance_text(first.distance);
}

nlohmann::ordered_json results_json(const std::vector<StageDistance>& results) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const StageDistance& one : results) {
    out.push_back({{"stage", one.stage},
                   {"result", one.result},
                   {"layer", one.layer},
                   {"distance", std::isfinite(one.distance) ? nlohmann::ordered_json(one.distance) : nullptr},
                   {"compared", one.count}});
  }
  return out;
}

}  // namespace

std::string lockstep_text(const Lockstep& lockstep, double tolerance) {
  std::string out = strf("expected: %s\nfound:    %s\n\n", printable(lockstep.expected).c_str(),
                         printable(lockstep.found).c_str());
  TextTable table({{"stage"}, {"result"}, {"worst", true}, {"in layer", true}, {"compared", true}});
  for (const StageDistance& one : lockstep.worst)
    table.add({std::string(one.stage), std::string(one.result), distance_text(one.distance),
               layer_text(one.layer), std::to_string(one.count)});
  out += table.plain();
  if (lockstep.choices > 0)
    out += strf("\nexperts: %lld of %lld were chosen by one of the two alone\n",
                static_cast<long long>(lockstep.other_choices), static_cast<long long>(lockstep.choices));
  if (lockstep.beyond.empty()) return out + strf("\nall results are within %g\n", tolerance);
  return out + "\n" + beyond_text(lockstep, tolerance) + "\n";
}

std::string lockstep_json(const Lockstep& lockstep, double tolerance) {
  const nlohmann::ordered_json out = {{"expected", lockstep.expected},
                                      {"found", lockstep.found},
                                      {"tolerance", tolerance},
                                      {"choices", lockstep.choices},
                                      {"other_choices", lockstep.other_choices},
                                      {"worst", results_json(lockstep.worst)},
                                      {"beyond", results_json(lockstep.beyond)}};
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int debug_verify(const ModelJob& job) {
  const Arguments& arguments = job.arguments;
  EngineOptions found;
  found.model = resolve_model(job.profile.model, job.places);
  found.backend = device_choice(backend_of(job.profile)).label();
  found.threads = job.profile.threads;
  place(job.profile, found);
  if (const auto type = quant_from_name(job.profile.kv_type)) found.kv_type = *type;
  EngineOptions expected = found;
  expected.backend = found.backend == "cpu" ? "reference" : "cpu";
  if (!arguments.against.empty()) expected.backend = device_choice(arguments.against).label();
  if (expected.backend == found.backend)
    throw Error(ErrorCode::E501, strf("debug verify compares %s with itself; name another one with --against",
                                      printable(found.backend).c_str()));
  const std::string_view text = arguments.prompt.empty() ? kText : std::string_view(arguments.prompt);
  StopOnSignal stop(job.signals);
  const LockstepRules rules{.rows = arguments.step_rows, .tolerance = arguments.tolerance};
  const Lockstep lockstep =
      run_in_lockstep(expected, found, tokens_of(found.model, text), rules, [&] { return stop.go_on(); });
  write_out(job.console, arguments.json ? lockstep_json(lockstep, arguments.tolerance)
                                        : lockstep_text(lockstep, arguments.tolerance));
  return lockstep.beyond.empty() ? 0 : exit_status(ErrorCode::E801);
}

int verify_devices(const Devices& devices, const ModelPlaces& places, Console& console, Signals& signals) {
  constexpr std::array kTypes = {"spark", "spark:q8_0", "spark:q4_k_m"};
  const LockstepRules rules;
  StopOnSignal stop(signals);
  int status = 0;
  for (const DeviceReport& device : devices.found) {
    if (device.index < 0 || !device.missing.empty()) continue;
    std::string wrong;
    for (const char* type : kTypes) {
      EngineOptions found;
      found.model = resolve_model(type, places);
      found.backend = device.label();
      EngineOptions expected = found;
      expected.backend = "cpu";
      try {
        const Lockstep lockstep = run_in_lockstep(expected, found, tokens_of(found.model, kText), rules,
                                                  [&] { return stop.go_on(); });
        if (!lockstep.beyond.empty()) wrong = beyond_text(lockstep, rules.tolerance);
      } catch (const Error& error) {
        if (stop.status() != 0) return stop.status();
        wrong = error.what();
      }
      if (!wrong.empty()) {
        wrong = std::string(type) + ": " + wrong;
        break;
      }
    }
    set_verified(device, wrong.empty());
    if (!wrong.empty()) status = exit_status(ErrorCode::E801);
    write_out(console,
              strf("%s: %s: %s\n", device.label().c_str(), printable(device.name).c_str(),
                   wrong.empty() ? "results are those of the processor" : printable(wrong, 400).c_str()));
  }
  return status;
}

}  // namespace glim::app
