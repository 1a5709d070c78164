// Products of neighbouring weight rows with the inputs of several tokens: the threads of a workgroup share the
// columns, decode a run of every row once and use it for all tokens.
layout(constant_id = 1) const uint kRows = 2u;    // weight rows of a workgroup
layout(constant_id = 2) const uint kTokens = 1u;  // inputs of a workgroup

float product[kRows * kTokens];

void clear_products() {
  for (uint i = 0u; i < kRows * kTokens; ++i) product[i] = 0.0;
}

// The numbers that meet run `run` of a weight row.
void read_run(uint64_t from, uint run, out float v[QUANT_RUN]) {
#if QUANT_RUN % 4 == 0
  for (uint i = 0u; i < QUANT_RUN / 4u; ++i) {
    const vec4 four = Fours(from).v[run * (QUANT_RUN / 4u) + i];
    for (uint k = 0u; k < 4u; ++k) v[4u * i + k] = four[k];
  }
#else
  for (uint i = 0u; i < QUANT_RUN; ++i) v[i] = Floats(from).v[run * QUANT_RUN + i];
#endif
}

// Adds factor * row[r] . (x[t] * gain). A row or an input that is not there is one that is, given twice.
void add_products(uint64_t rows[kRows], uint64_t x[kTokens], uint64_t gain, uint cols, float factor) {
  float sum[kRows * kTokens];
  for (uint i = 0u; i < kRows * kTokens; ++i) sum[i] = 0.0;
  const uint runs = cols / QUANT_RUN;
  for (uint run = gl_LocalInvocationID.x; run < runs; run += gl_WorkGroupSize.x) {
    float w[kRows][QUANT_RUN], v[QUANT_RUN];
    for (uint r = 0u; r < kRows; ++r) decode_run(BlockRow(rows[r]), run / RUNS_OF_BLOCK, run % RUNS_OF_BLOCK, w[r]);
    if (gain != 0ul) {
      read_run(address_or(gain, x[0]), run, v);
      for (uint i = 0u; i < QUANT_RUN; ++i) {
        for (uint r = 0u; r < kRows; ++r) w[r][i] *= v[i];
      }
    }
    for (uint t = 0u; t < kTokens; ++t) {
      read_run(x[t], run, v);
      for (uint i = 0u; i < QUANT_RUN; ++i) {
        for (uint r = 0u; r < kRows; ++r) sum[r * kTokens + t] += w[r][i] * v[i];
      }
    }
  }
  for (uint i = 0u; i < kRows * kTokens; ++i) product[i] += factor * sum[i];
}

// Sums over the workgroup; every thread has them afterwards.
void finish_products() {
  for (uint i = 0u; i < kRows * kTokens; ++i) product[i] = workgroup_sum(product[i]);
}

float silu(float z) { return z / (1.0 + exp(-z)); }
