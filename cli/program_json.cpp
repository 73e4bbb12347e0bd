// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "cli/program_report.h"

namespace blastune {
namespace {

using Json = nlohmann::ordered_json;

constexpr int schema_version = 1;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json blas_json(const ProcessFindings& process, const BlasFindings& blas) {
  Json json;
  json["path"] = blas.path;
  json["openblas"] = text_or_null(blas.openblas);
  json["build"] = text_or_null(blas.build);
  json["integer_bits"] = blas.integer_bits == 0 ? Json(nullptr) : Json(blas.integer_bits);
  json["prefix"] = blas.prefix;
  json["suffix"] = blas.suffix;
  json["was_asked"] = blas.was_asked;
  json["count_can_be_set"] = blas.applies;
  json["limit"] = blas.limit == 0 ? Json(nullptr) : Json(blas.limit);
  json["advice"] = text_or_null(blas.reason);
  json["message"] = text_or_null(blas.message);
  json["table"] = text_or_null(blas.table);
  json["curves"] = blas.curves;
  json["callers"] = Json::array();
  for (const CallerFindings& caller : process.callers) {
    if (caller.blas != blas.path) continue;
    json["callers"].push_back(
        {{"path", caller.path}, {"gemm_calls", caller.multiplies}, {"other_calls", caller.others}});
  }
  return json;
}

}  // namespace

std::string program_json(const ProgramInputs& inputs, const std::vector<Finding>& findings) {
  Json root;
  root["schema"] = schema_version;
  root["command"] = inputs.command;
  root["program"] = inputs.chain.back().path;
  const bool was_run = inputs.run.process != 0;
  root["process"] = was_run ? Json(inputs.run.process) : Json(nullptr);
  root["status"] = was_run ? Json(inputs.run.status) : Json(nullptr);
  root["signal"] = inputs.run.signal == 0 ? Json(nullptr) : Json(inputs.run.signal);
  root["interrupted"] = inputs.run.was_interrupted;
  root["processes_seen"] = inputs.run.processes.size();
  root["programs"] = Json::array();
  for (const ProgramGroup& group : group_processes(inputs.run.processes)) {
    Json json;
    json["program"] = group.findings.program;
    json["processes"] = group.which;
    json["heard_to_the_end"] = group.findings.ended;
    json["disabled"] = group.findings.disabled;
    json["blas"] = Json::array();
    for (const BlasFindings& blas : group.findings.blas)
      json["blas"].push_back(blas_json(group.findings, blas));
    root["programs"].push_back(std::move(json));
  }
  root["findings"] = Json::array();
  for (const Finding& finding : findings) {
    root["findings"].push_back({{"severity", severity_name(finding.severity)},
                                {"topic", finding.topic},
                                {"text", finding.text},
                                {"remedy", text_or_null(finding.remedy)}});
  }
  // Words and paths may be in any encoding.
  return root.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace blastune
