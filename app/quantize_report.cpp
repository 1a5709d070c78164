#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "app/quantize_plan.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/quantize/recipe.h"

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

/// Tensors that differ in nothing but their block.
struct Group {
  std::string name, shape, type;
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

std::vector<std::int64_t> sizes_of(const RecipeTensor& tensor) {
  std::vector<std::int64_t> out(tensor.shape.begin(), tensor.shape.end());
  while (out.size() > 1 && out.back() == 1) out.pop_back();
  return out;
}

std::string shape_text(const RecipeTensor& tensor) {
  std::string out;
  for (const std::int64_t size : sizes_of(tensor)) out += (out.empty() ? "" : " x ") + std::to_string(size);
  return out;
}

std::vector<Group> groups_of(const QuantizePlan& plan) {
  std::vector<Group> out;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const RecipeTensor& tensor = plan.model.tensors[i];
    const auto block = block_name(tensor.name);
    Group one = {block ? "blk.*" + printable(block->rest) : printable(tensor.name), shape_text(tensor),
                 std::string(quant(plan.types[i].type).name), 0, 0};
    const auto [place, is_new] = places.emplace(one.name + '\n' + one.shape + '\n' + one.type, out.size());
    if (is_new) out.push_back(std::move(one));
    ++out[place->second].count;
    out[place->second].bytes += tensor_bytes(tensor, plan.types[i].type);
  }
  // Formats of one kind of tensor stand together.
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < out.size(); ++i) first.emplace(out[i].name, i);
  std::stable_sort(out.begin(), out.end(),
                   [&](const Group& a, const Group& b) { return first.at(a.name) < first.at(b.name); });
  return out;
}

const char* why_name(Assignment::Why why) {
  constexpr const char* kNames[] = {"kept", "rule", "asked", "does_not_fit"};
  return kNames[static_cast<std::size_t>(why)];
}

std::string book_name(const QuantizePlan& plan) {
  if (plan.options.recipe.pure) return "pure";
  return std::string(rule_book_name(plan.options.recipe.rules));
}

}  // namespace

std::string file_size_text(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e9) return strf("%.2f MB = %.2f MiB", size / 1e6, size / (1u << 20));
  return strf("%.3f GB = %.3f GiB", size / 1e9, size / (1u << 30));
}

std::string plan_text(const QuantizePlan& plan) {
  const std::vector<Group> groups = groups_of(plan);
  int name = 7, shape = 5, type = 6;
  for (const Group& group : groups) {
    name = std::max(name, static_cast<int>(group.name.size()));
    shape = std::max(shape, static_cast<int>(group.shape.size()));
    type = std::max(type, static_cast<int>(group.type.size()));
  }
  std::string out = strf("%s as %s (recipe %s%s)\n\n", printable(plan.source_name).c_str(),
                         std::string(plan.options.recipe.file_type->name).c_str(), book_name(plan).c_str(),
                         plan.options.recipe.importance ? ", with importance" : "");
  out += strf("  %-*s  count  %-*s  %-*s  %10s\n", name, "tensors", shape, "shape", type, "format", "MB");
  for (const Group& group : groups)
    out += strf("  %-*s  %5zu  %-*s  %-*s  %10.2f\n", name, group.name.c_str(), group.count, shape,
                group.shape.c_str(), type, group.type.c_str(), static_cast<double>(group.bytes) / 1e6);
  const auto parameters = static_cast<double>(plan.parameters);
  out += strf("\n  file size %s, %.3f bits per weight, %zu tensors, %.2f %s parameters\n",
              file_size_text(plan.bytes).c_str(), plan.bits_per_weight(), plan.types.size(),
              parameters / (parameters < 1e9 ? 1e6 : 1e9), parameters < 1e9 ? "million" : "billion");
  for (const std::string& note : plan.notes) out += "  note: " + note + "\n";
  return out;
}

std::string plan_json(const QuantizePlan& plan) {
  Json tensors = Json::array();
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const RecipeTensor& tensor = plan.model.tensors[i];
    const Assignment& one = plan.types[i];
    const std::string type(quant(one.type).name);
    ++counts[type];
    Json row = {{"name", tensor.name},
                {"shape", sizes_of(tensor)},
                {"type", type},
                {"bytes", tensor_bytes(tensor, one.type)},
                {"from", quant(tensor.type).name},
                {"why", why_name(one.why)}};
    if (one.wanted != one.type) row["wanted"] = quant(one.wanted).name;
    tensors.push_back(std::move(row));
  }
  const Json out = {{"source", printable(plan.source_name, 4096)},
                    {"out", plan.out.empty() ? Json(nullptr) : Json(printable(plan.out.string(), 4096))},
                    {"file_type", plan.options.recipe.file_type->name},
                    {"general.file_type", plan.options.recipe.file_type->code},
                    {"recipe", book_name(plan)},
                    {"importance", plan.options.recipe.importance},
                    {"bytes", plan.bytes},
                    {"tensor_bytes", plan.tensor_bytes},
                    {"parameters", plan.parameters},
                    {"bits_per_weight", plan.bits_per_weight()},
                    {"types", counts},
                    {"notes", plan.notes},
                    {"tensors", tensors}};
  return out.dump(2) + "\n";
}

}  // namespace glim::app
