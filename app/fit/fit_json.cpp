#include <nlohmann/json.hpp>

#include "app/fit/fit_report.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t left_bytes(const Plan& plan) {
  return static_cast<std::int64_t>(plan.available_bytes) - static_cast<std::int64_t>(plan.total_bytes());
}

std::string type_name(QuantType type) {
  return std::string(quant(type).name);
}

void add_plan(Json& out, const Plan& plan) {
  out["ctx"] = plan.ctx;
  out["kv_type"] = type_name(plan.kv_type);
  out["weight_bytes"] = plan.weight_bytes;
  out["kv_bytes"] = plan.kv_bytes;
  out["kv_token_bytes"] = plan.kv_token_bytes;
  out["scratch_bytes"] = plan.scratch_bytes;
  out["total_bytes"] = plan.total_bytes();
  out["available_bytes"] = plan.available_bytes;
  out["left_bytes"] = left_bytes(plan);
  if (plan.placement.any())
    out["beside"] = {{"layers", plan.placement.layers},      {"expert_layers", plan.placement.experts},
                     {"weight_bytes", plan.beside.weights},  {"kv_bytes", plan.beside.cache},
                     {"scratch_bytes", plan.beside.scratch}, {"available_bytes", plan.beside_available}};
  out["verdict"] = fit_name(plan.fit());
}

Json json_of(const FitRow::Cell& cell) {
  Json out = {{"ctx", cell.wanted.ctx}, {"kv_type", type_name(cell.wanted.kv_type)}};
  if (cell.plan) {
    add_plan(out, *cell.plan);
    for (const SpilledGroup& group : cell.spilled)
      out["spilled"].push_back({{"group", group.group},
                                {"tensors", group.tensors},
                                {"bytes", group.bytes},
                                {"spilled_bytes", group.spilled}});
  } else {
    out["verdict"] = nullptr;
  }
  return out;
}

Json json_of(const FitRow& row) {
  Json out = {{"model", row.name}};
  if (!row.error.empty()) {
    out["error"] = row.error;
    return out;
  }
  out["noise"] = row.noise;
  out["file_bytes"] = row.file_bytes;
  out["weight_bytes"] = row.weight_bytes;
  out["parameters"] = row.parameters;
  out["bits_per_weight"] = row.bits_per_weight;
  Json cases = Json::array(), longest = Json::array();
  for (const FitRow::Cell& cell : row.cells) cases.push_back(json_of(cell));
  for (const FitRow::Longest& one : row.longest)
    longest.push_back({{"kv_type", type_name(one.kv_type)},
                       {"memory_bytes", one.memory},
                       {"ctx", one.ctx ? Json(*one.ctx) : Json(nullptr)}});
  out["cases"] = std::move(cases);
  out["longest"] = std::move(longest);
  return out;
}

}  // namespace

std::string fit_json(const FitReport& report) {
  Json models = Json::array(), remedies = Json::array();
  for (const FitRow& row : report.rows) models.push_back(json_of(row));
  for (const Remedy& remedy : report.remedies) {
    Json one = {{"kind", remedy.kind}, {"change", remedy.value}};
    add_plan(one, remedy.plan);
    remedies.push_back(std::move(one));
  }
  Json out = {{"memory", {{"bytes", report.memory.bytes}, {"asked_for", report.memory.device}}},
              {"profile", report.profile.empty() ? Json(nullptr) : Json(report.profile)},
              {"parallel", report.parallel},
              {"ubatch", report.ubatch},
              {"fits", report.anything_fits()},
              {"models", std::move(models)},
              {"remedies", std::move(remedies)},
              {"notes", report.notes}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace glim::app
