#pragma once

#include "shaders/quant/tables.args.h"

namespace glim::vulkan {

/// The tables of engine/quant as shaders read them.
QuantTables quant_tables();

}  // namespace glim::vulkan
