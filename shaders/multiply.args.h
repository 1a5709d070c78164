#ifndef GLIM_SHADERS_MULTIPLY_ARGS_H
#define GLIM_SHADERS_MULTIPLY_ARGS_H

#include "shaders/args.h"

/// What a row of products becomes: bits of the specialisation constant 3.
ARGS_CONSTANT(kMultiplyNorm, 1u)      // inputs are rms-normed first
ARGS_CONSTANT(kMultiplyAdd, 2u)       // y += instead of y =
ARGS_CONSTANT(kMultiplyRope, 4u)      // the last `tail` of every `head` rows turn in pairs
ARGS_CONSTANT(kMultiplyTail, 8u)      // behind a matrix's rows come the `tail` inputs that follow its `cols`
ARGS_CONSTANT(kMultiplyExperts, 16u)  // one result for each entry of `list`, which names its matrix; `head` of
                                      // them share an input
ARGS_CONSTANT(kMultiplyGate, 32u)     // y = silu(y) * product
ARGS_CONSTANT(kMultiplyTiles, 64u)    // as kMultiplyExperts, but `tokens` tiles of `list`, cut from `order`

ARGS_STRUCT(MultiplyArgs)
  Address tables;
  Address weights, scales;  ///< matrices [rows, cols]; one factor for each, or 0
  Address x, y;             ///< inputs and results, f32
  Address gain;             ///< with kMultiplyNorm: [cols]
  Address list;             ///< the matrix of every row (kMultiplyExperts), or the input row, or tiles, or 0
  Address rope;             ///< with kMultiplyRope: [T, P]
  Address order;            ///< with kMultiplyTiles: that of group.comp
  uint cols, rows, tokens;
  uint x_stride, x_batch;   ///< floats from one row to the next, from one matrix's inputs to the next
  uint y_stride, y_batch;
  uint pitch;               ///< rows from one matrix to the next
  uint head, tail;          ///< rows of a head and how many of them at its end rotate or are copied
  float eps;
ARGS_END

#endif
