#include "engine/convert/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/hf_metadata.h"
#include "engine/convert/hf_tokenizer.h"
#include "engine/gguf/figures.h"
#include "engine/quantize/encode.h"

namespace glim {
namespace {

struct FileTypeCode {
  QuantType type;
  std::uint32_t code;
};

/// `general.file_type` of files that hold one format throughout.
constexpr std::array kFileTypes = {
    FileTypeCode{QuantType::f32, 0},     FileTypeCode{QuantType::f16, 1},
    FileTypeCode{QuantType::bf16, 32},   FileTypeCode{QuantType::q4_0, 2},
    FileTypeCode{QuantType::q4_1, 3},    FileTypeCode{QuantType::q5_0, 8},
    FileTypeCode{QuantType::q5_1, 9},    FileTypeCode{QuantType::q8_0, 7},
    FileTypeCode{QuantType::q2_k, 10},   FileTypeCode{QuantType::q3_k, 11},
    FileTypeCode{QuantType::q4_k, 14},   FileTypeCode{QuantType::q5_k, 16},
    FileTypeCode{QuantType::q6_k, 18},   FileTypeCode{QuantType::iq4_nl, 25},
    FileTypeCode{QuantType::iq4_xs, 30}, FileTypeCode{QuantType::iq3_s, 26},
    FileTypeCode{QuantType::tq1_0, 36},  FileTypeCode{QuantType::tq2_0, 37},
    FileTypeCode{QuantType::mxfp4, 38},  FileTypeCode{QuantType::nvfp4, 39},
    FileTypeCode{QuantType::q1_0, 40},
};

void check_type(const std::optional<QuantType>& type) {
  if (!type) return;
  const std::string name(quant(*type).name);
  if (!can_encode(*type) && !can_quantize(*type))
    throw Error(ErrorCode::E501, "--type " + name +
                                     ": weights cannot be rounded to this format here; choose "
                                     "another, for example bf16 or q8_0");
  if (needs_importance(*type))
    throw Error(ErrorCode::E501, "--type " + name +
                                     ": this format is of no use without an importance matrix; "
                                     "convert to bf16, then run \"glim quantize\"");
}

std::uint64_t bytes_of(const PlannedTensor& tensor) {
  const auto rows = static_cast<std::uint64_t>(tensor.count() / tensor.shape[0]);
  return rows * row_bytes(tensor.type, tensor.shape[0]);
}

std::optional<std::uint32_t> file_type(const TensorPlan& plan) {
  std::map<QuantType, std::uint64_t> bytes;
  for (const PlannedTensor& tensor : plan.tensors) bytes[tensor.type] += bytes_of(tensor);
  const auto most = std::max_element(bytes.begin(), bytes.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const FileTypeCode& row : kFileTypes)
    if (row.type == most->first) return row.code;
  return std::nullopt;
}

/// A number of parameters in two digits or more: "2.6B", "30B".
std::string rounded_count(double count) {
  constexpr std::array<std::pair<double, char>, 4> kUnits = {
      {{1e12, 'T'}, {1e9, 'B'}, {1e6, 'M'}, {1e3, 'K'}}};
  for (const auto& [unit, letter] : kUnits) {
    if (count < unit && unit > 1e3) continue;
    const double scaled = count / unit;
    return strf(scaled < 9.95 ? "%.1f%c" : "%.0f%c", scaled, letter);
  }
  return {};
}

/// "64x2.6B": the number of experts, and the model with one of them.
std::string size_label(const TensorPlan& plan, const HfConfig& config) {
  double shared = 0, experts = 0;
  for (const PlannedTensor& tensor : plan.tensors) {
    const bool stacked = tensor.name.find("_exps.") != std::string::npos;
    (stacked ? experts : shared) += static_cast<double>(tensor.count());
  }
  if (config.experts == 0) return rounded_count(shared);
  return strf("%lldx", static_cast<long long>(config.experts)) +
         rounded_count(shared + experts / static_cast<double>(config.experts));
}

std::string model_name(const std::filesystem::path& folder) {
  const auto whole = std::filesystem::weakly_canonical(folder);
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

struct Sources {
  Checkpoint checkpoint;
  HfConfig config;
  HfTokenizer tokenizer;
  HfSampling sampling;
};

void write_keys(const ConvertOptions& options, const Sources& sources, const TensorPlan& plan,
                GgufWriter& writer) {
  write_model_keys(sources.config, options.prediction_layers, writer);
  writer.set("general.type", "model");
  writer.set("general.name", model_name(options.folder));
  writer.set("general.size_label", size_label(plan, sources.config));
  write_sampling_keys(sources.sampling, writer);
  write_tokenizer_keys(sources.tokenizer, writer);
  writer.set("general.quantization_version", std::uint32_t{2});
  if (const auto code = file_type(plan)) writer.set("general.file_type", *code);
}

void note(ConvertReport& report, const PlannedTensor& tensor, Fidelity fidelity) {
  const auto block = block_name(tensor.name);
  const std::string name = block ? std::string(block->rest.substr(1)) : tensor.name;
  const std::string layout = tensor.values.empty() ? tensor.pieces.front().matrix->layout() : "F32";
  const auto found = std::find_if(report.classes.begin(), report.classes.end(), [&](const ConvertedClass& c) {
    return c.name == name && c.layout == layout && c.type == tensor.type && c.fidelity == fidelity;
  });
  const auto row = found != report.classes.end()
                       ? found
                       : report.classes.insert(found, {name, layout, tensor.type, fidelity});
  ++row->tensors;
  row->bytes += bytes_of(tensor);
}

/// Writes the data of all tensors and reports on them.
class Copying {
 public:
  Copying(const ConvertOptions& options, const ConvertProgress& progress, const TensorPlan& plan)
      : options_(options), progress_(progress), plan_(plan), pool_(std::max(1, options.threads)) {
    for (const PlannedTensor& tensor : plan.tensors) total_ += bytes_of(tensor);
  }

  void run(const Checkpoint& checkpoint, GgufWriter& writer, ConvertReport& report) {
    for (const PlannedTensor& tensor : plan_.tensors) {
      if (progress_ && !progress_(done_, total_, tensor.name))
        throw Error(ErrorCode::E901, "the conversion was stopped; nothing has been written");
      const Fidelity fidelity = copy_tensor(tensor, pool_, writer);
      checkpoint.check_intact();
      if (fidelity == Fidelity::impossible) refuse(tensor);
      note(report, tensor, fidelity);
      done_ += bytes_of(tensor);
    }
    if (progress_) progress_(done_, total_, {});
  }

 private:
  [[noreturn]] void refuse(const PlannedTensor& tensor) const {
    throw Error(ErrorCode::E113, strf("%s: %s cannot hold a scale of the tensor %s; convert with --type bf16",
                                      printable(options_.folder.string()).c_str(),
                                      std::string(quant(tensor.type).name).c_str(), tensor.name.c_str()));
  }

  const ConvertOptions& options_;
  const ConvertProgress& progress_;
  const TensorPlan& plan_;
  ThreadPool pool_;
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

ConvertReport convert_checkpoint(const ConvertOptions& options, const ConvertProgress& progress) {
  check_type(options.type);
  const HfConfig config = read_hf_config(options.folder / "config.json");
  const Sources sources{Checkpoint(options.folder), config, read_hf_tokenizer(options.folder, config),
                        read_hf_sampling(options.folder)};
  const TensorPlan plan =
      plan_tensors(sources.checkpoint, sources.config, {options.type, options.prediction_layers});
  GgufWriter writer(options.out);
  write_keys(options, sources, plan, writer);
  for (const PlannedTensor& tensor : plan.tensors) writer.add_tensor(tensor.name, tensor.type, tensor.shape);
  writer.begin();
  ConvertReport report;
  report.left_out = plan.left_out;
  report.file_bytes = writer.total_bytes();
  Copying(options, progress, plan).run(sources.checkpoint, writer, report);
  writer.finish();
  return report;
}

}  // namespace glim
