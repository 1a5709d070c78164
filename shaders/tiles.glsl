#include "shaders/group.args.h"

layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Tiles { Tile tile[]; };
