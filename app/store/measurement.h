#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace glim::app {

/// One number of a measurement in the form in which numbers of two measurements can be compared.
struct Figure {
  std::string name = {};  ///< the same for the same thing: "tg128 @ d4096", "perplexity"
  double value = 0;
  std::string unit = {};  ///< "t/s", "s", "nats"; empty for plain numbers
  double spread = 0;      ///< deviation of repeated runs or error of an estimate; 0 unknown
  enum class Better : std::uint8_t { higher, lower, neither } better = Better::higher;
};

/// Whether the difference of two values is more than chance: value ± spread do not touch.
bool beyond_spread(const Figure& a, const Figure& b);

/// Words that Measurement::kind may be.
inline constexpr std::array<std::string_view, 7> kMeasurementKinds = {"bench", "eval",  "compare", "report",
                                                                      "load",  "suite", "vote"};

/// What was measured, on what and with what. Fill it with provenance() (provenance.h) first.
struct Measurement {
  std::int64_t id = 0;         ///< given by the store
  std::string kind = {};       ///< one of kMeasurementKinds
  std::int64_t time = 0;       ///< seconds since 1970, UTC
  std::string model = {};      ///< as the user names it
  std::string file_hash = {};  ///< fingerprint() of the file; empty without one
  std::string quant = {};      ///< "Q4_K_M"
  std::string build = {};      ///< "0.1.0 c27b131"
  std::string device = {};     ///< of the processor or card
  std::string kernel = {};     ///< "Linux 6.1.0-18-amd64"
  std::int32_t threads = 0;    ///< 0: not known
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();  ///< what else could change the result
  std::vector<Figure> figures = {};
  nlohmann::ordered_json result =
      nlohmann::ordered_json::object();  ///< everything, in the command's own form
};

}  // namespace glim::app
