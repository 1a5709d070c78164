#include "app/store/provenance.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <fstream>

#include "app/store/fingerprint.h"
#include "engine/gguf/figures.h"
#include "engine/quantize/file_type.h"

namespace glim::app {

std::string Build::label() const {
  return std::string(version) + " " + std::string(commit);
}

Build this_build() {
  return {GLIM_VERSION, GLIM_COMMIT, GLIM_COMMIT_COUNT};
}

std::string processor_name() {
  std::ifstream stream("/proc/cpuinfo");
  std::string line;
  while (std::getline(stream, line)) {
    // Arm kernels write "CPU part" and the like only; some boards add "Model".
    if (line.rfind("model name", 0) != 0 && line.rfind("Model", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) return line.substr(colon + 2);
  }
  utsname names = {};
  return ::uname(&names) == 0 ? names.machine : "unknown";
}

std::string kernel_name() {
  utsname names = {};
  if (::uname(&names) != 0) return "unknown";
  return std::string(names.sysname) + " " + names.release;
}

std::string quant_name(const GgufFile& file) {
  const GgufValue* value = file.find("general.file_type");
  const auto* code = value == nullptr ? nullptr : std::get_if<std::int64_t>(&value->value);
  // Several names share a code; the others differ in the two ends of the model only.
  for (const FileType& type : kFileTypes)
    if (code != nullptr && type.code == static_cast<std::uint64_t>(*code) && !type.has_large_ends())
      return std::string(type.name);
  const ModelFigures numbers = figures(file);
  if (numbers.types.empty()) return {};
  std::string name(quant(numbers.types.front().type).name);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

Measurement provenance(std::string_view kind, const std::string& model, const GgufFile* file) {
  Measurement out;
  out.kind = kind;
  out.time = std::time(nullptr);
  out.model = model;
  if (file != nullptr) {
    out.file_hash = fingerprint(*file);
    out.quant = quant_name(*file);
  }
  out.build = this_build().label();
  out.device = processor_name();
  out.kernel = kernel_name();
  return out;
}

}  // namespace glim::app
