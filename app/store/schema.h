#pragma once

#include "app/store/database.h"

namespace glim::app {

/// Brings the tables of glim.db to what this program knows, all at once or not at all. Safe when two programs
/// do it at the same time. Throws E702 for a file of a newer program, and what Database throws.
void migrate(const Database& database);

}  // namespace glim::app
