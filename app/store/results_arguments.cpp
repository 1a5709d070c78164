#include "app/store/results_arguments.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::array kVerbs = {
    ResultsVerb{"list", "what has been measured, the newest first"},
    ResultsVerb{"show", "everything about one measurement"},
    ResultsVerb{"compare", "the figures of two measurements side by side"},
    ResultsVerb{"export", "measurements for other programs"},
    ResultsVerb{"rm", "forget measurements"},
};

}  // namespace

std::span<const ResultsVerb> results_verbs() {
  return kVerbs;
}

std::vector<Flag> results_flags(std::string_view verb, ResultsArguments& arguments) {
  struct Row {
    std::string_view verbs;
    Flag flag;
  };
  const std::array rows = {
      Row{"list,export",
          {"--kind", &arguments.kind, "KIND", "bench,eval,compare,report,load,suite,vote",
           "of this kind only"}},
      Row{"list,export", {"--model", &arguments.model, "TEXT", "", "whose model's name has this in it"}},
      Row{"list,export", {"--limit", &arguments.limit, "N", "", "the newest so many; 0 is all (default)"}},
      Row{"list,show,compare", {"--json", &arguments.json, "", "", "as JSON"}},
      Row{"export",
          {"-o,--output", &arguments.output, "FORMAT", "csv,json,jsonl,md",
           "csv (default) and md have a row for each figure; json and jsonl hold everything"}},
      Row{"show,compare,rm", {"id", &arguments.ids, "ID", "", "the number that results list shows"}},
  };
  std::vector<Flag> out;
  for (const Row& row : rows) {
    const std::vector<std::string> owners = split_words(row.verbs, ',');
    if (std::find(owners.begin(), owners.end(), verb) != owners.end()) out.push_back(row.flag);
  }
  return out;
}

}  // namespace glim::app
