#include "app/eval/suite_arguments.h"

namespace glim::app {

std::vector<Flag> suite_flags(SuiteArguments& arguments) {
  SuiteArguments& a = arguments;
  return {
      {"--suite", &a.suites, "NAME,...", "",
       "scenarios: mesh, hermes (agent loops), ctx (context scaling), smoke (the short ones), all"},
      {"--test", &a.tests, "NAME,...", "", "only these tests of the suites"},
      {"--targets", &a.targets, "TOKENS,...", "", "context lengths of ctx (4k,32k,64k)"},
      {"--allow-exec", &a.allow_exec, "", "", "run code that the model wrote, in a sandbox"},
      {"--gate", &a.gate, "", "", "exit status 8 when a test failed"},
      {"-o,--output", &a.out_file, "FILE", "", "write the result with all transcripts as JSON"},
  };
}

}  // namespace glim::app
