#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/model_name.h"

namespace glim::app {

/// Model names from words of the command line, one model each, in their order and without repetitions. Commas
/// separate names, unless the whole word is a path that exists. For several models stand:
///   FOLDER              the GGUF files in it, of split sets the first part
///   spark:*             the built-in model in every published file type that it can be made in
///   shape:NAME:*        the shape in every published file type; further parts (layers=N, recipe=NAME) stay
/// Everything else is passed on as it is: whether such a model exists shows when it is opened. Throws E101
/// for a folder without GGUF files, E501 for a word that names nothing.
std::vector<std::string> expand_model_names(std::span<const std::string> words, const ModelPlaces& places);

}  // namespace glim::app
