#include "app/eval/eval_arguments.h"

#include <utility>

namespace glim::app {

std::vector<Flag> eval_flags(EvalArguments& arguments) {
  EvalArguments& a = arguments;
  std::vector<Flag> flags = {
      {"-m,--model", &a.model, "NAME,...", "", "the models; the others are compared with the first"},
      {"--ppl,-f,--file", &a.texts, "TEXT", "",
       "perplexity of a text, - is standard input; give it again for more texts"},
      {"-c,--ctx-size,--chunk", &a.chunk, "TOKENS", "",
       "length of the pieces that are run one by one (512); the context of --suite"},
      {"--chunks", &a.chunks, "N", "", "stop after as many pieces"},
      {"--special,--parse-special", &a.specials, "", "", "read special tokens in the text as such"},
      {"--against", &a.against, "NAME", "", "KL divergence from this model's predictions, exact"},
      {"--kl", &a.kl, "FILE", "", "KL divergence from the predictions in this file"},
      {"--save-logits,--save-all-logits,--kl-divergence-base", &a.save_logits, "FILE", "",
       "write the model's predictions, in the form of llama-perplexity"},
      {"--top-k", &a.top_k, "N", "",
       "write the N likeliest tokens only: small, and divergences become lower bounds"},
      {"--kl-divergence", &a.reads_base, "", "", "read the file of --kl-divergence-base, as --kl does"},
      {"--tokens", &a.tokens, "FILE", "", "instead of a text: a JSON array of token ids, run in one piece"},
      {"--from", &a.from, "N", "", "the first of these tokens that is scored, counted from 0 (1)"},
      {"--hellaswag", &a.hellaswag, "FILE", "",
       "endings to choose from: .txt as llama-perplexity defines it, .jsonl as lm-evaluation-harness does"},
      {"--winogrande", &a.winogrande, "FILE", "", "gaps to fill, .csv or .jsonl in the same way"},
      {"--multiple-choice", &a.choices, "FILE", "", "questions in the binary form of llama-perplexity"},
      {"--mmlu", &a.mmlu, "FOLDER", "", "MMLU's CSV files (test, dev), one of them, or JSON lines"},
      {"--arc", &a.arc, "FILE", "", "ARC, JSON lines"},
      {"--gsm8k", &a.gsm8k, "FILE", "", "worked problems, JSON lines; their examples with --examples"},
      {"--samples", &a.samples, "FILE", "", "the prompts of lm-evaluation-harness' --log_samples"},
      {"--examples", &a.examples, "FILE", "", "worked examples to put in front: the training questions"},
      {"--shots,--num-fewshot", &a.shots, "N", "", "how many of them (MMLU 0, GSM8K 5)"},
      {"--limit,--tasks,--hellaswag-tasks,--winogrande-tasks,--multiple-choice-tasks", &a.limit, "N", "",
       "how many questions, 0 is all (hellaswag.txt 400, others all; of MMLU in each subject)"},
      {"--max-length", &a.max_length, "TOKENS", "",
       "cut prompts of lm-evaluation-harness' tests from the left"},
      {"--items", &a.items, "FILE", "", "write every question's or test's result as JSON lines"},
      {"RESULTS", &a.results, "", "", "two such files to compare, question by question"},
      {"--kv-type,--cache-type-k", &a.kv_type, "TYPE", "",
       "KV cache of the models; that of --against has f16"},
      {"-b,--batch-size,--ubatch-size", &a.batch, "ROWS", "", "rows of one step (256); changes no result"},
      {"-t,--threads", &a.threads, "N", "", "threads to compute with"},
      {"--backend,--device", &a.backend, "NAME", "", "what computes"},
      {"--json", &a.json, "", "", "report as JSON"},
  };
  for (Flag& flag : suite_flags(a.suite)) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace glim::app
