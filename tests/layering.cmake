# Checks the direction of includes and the owner of every third-party header: cmake -P tests/layering.cmake
cmake_minimum_required(VERSION 3.25)

# folder: the folders whose headers it may include besides its own
set(layers
  "engine/base:"
  "engine/quant:engine/base"
  "engine/gguf:engine/base engine/quant"
  "engine/tensor:engine/base engine/quant"
  "engine/reference:engine/base engine/quant engine/tensor"
  "engine/cpu:engine/base engine/quant engine/tensor engine/reference"
  "engine/vulkan:engine/base engine/quant engine/tensor shaders shaders/quant"
  "engine/hybrid:engine/base engine/quant engine/tensor"
  "engine/model:engine/base engine/quant engine/gguf engine/tensor"
  "engine/shape:engine/base engine/quant engine/gguf engine/quantize"
  "engine/quantize:engine/base engine/quant engine/gguf"
  "engine/convert:engine/base engine/quant engine/gguf engine/quantize"
  "engine/text:engine/base engine/quant engine/gguf"
  "engine/sample:engine/base"
  "engine:engine/base engine/quant engine/gguf engine/tensor engine/model engine/text engine/sample engine/shape engine/reference engine/cpu engine/vulkan engine/hybrid"
  "engine/measure:engine engine/base engine/quant engine/gguf engine/tensor engine/model engine/text engine/quantize"
  "ui:engine/base"
  "app:ui engine engine/base engine/quant engine/gguf engine/text engine/sample engine/shape engine/quantize engine/convert engine/measure")

# header (regular expression): the only files that may include it
set(owners
  "n?curses[a-z]*\\.h|term\\.h:ui/terminal.cpp"
  "readline/.*:ui/line_editor.cpp"
  "toml\\.hpp:app/profile_toml.cpp"
  "CLI/.*:app/arguments.cpp"
  "pcre2\\.h:engine/text/pretokenizer.cpp"
  "utf8proc\\.h:ui/text_layout.cpp"
  "sqlite3\\.h:app/store/database.cpp"
  "openssl/.*:app/store/fingerprint.cpp"
  "vulkan/.*:engine/vulkan/.*")

# Backends are chosen in one place.
set(backend_chooser "engine/backends.cpp")

get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
file(GLOB_RECURSE files RELATIVE ${root} ${root}/app/*.cpp ${root}/app/*.h ${root}/ui/*.cpp ${root}/ui/*.h
     ${root}/engine/*.cpp ${root}/engine/*.h)
set(broken 0)
set(checked 0)

foreach(file IN LISTS files)
  get_filename_component(folder ${file} DIRECTORY)
  string(REGEX REPLACE "^app/.*" "app" folder ${folder})  # its folders are one layer
  set(allowed "")
  set(known FALSE)
  foreach(layer IN LISTS layers)
    if(layer MATCHES "^${folder}:(.*)$")
      set(known TRUE)
      separate_arguments(allowed UNIX_COMMAND "${CMAKE_MATCH_1}")
      list(APPEND allowed ${folder})
    endif()
  endforeach()
  if(NOT known)
    message("${file}: folder '${folder}' has no row in the table of layers")
    math(EXPR broken "${broken} + 1")
    continue()
  endif()
  file(STRINGS ${root}/${file} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS includes)
    math(EXPR checked "${checked} + 1")
    if(line MATCHES "\"([^\"]+)\"")
      set(header ${CMAKE_MATCH_1})
      get_filename_component(target ${header} DIRECTORY)
      string(REGEX REPLACE "^app/.*" "app" target "${target}")
      if(NOT target IN_LIST allowed)
        message("${file}: includes \"${header}\", but '${folder}' may only include: ${allowed}")
        math(EXPR broken "${broken} + 1")
      endif()
      if(target MATCHES "^engine/(reference|cpu|vulkan|hybrid)$" AND NOT folder STREQUAL target
         AND NOT folder STREQUAL "engine/cpu" AND NOT file STREQUAL backend_chooser)
        message("${file}: includes \"${header}\", but backends are named in ${backend_chooser} alone")
        math(EXPR broken "${broken} + 1")
      endif()
    elseif(line MATCHES "<([^>]+)>")
      set(header ${CMAKE_MATCH_1})
      foreach(row IN LISTS owners)
        string(REGEX MATCH "^(.*):([^:]*)$" unused "${row}")
        set(pattern ${CMAKE_MATCH_1})
        set(owner ${CMAKE_MATCH_2})
        if(header MATCHES "^(${pattern})$" AND NOT file MATCHES "^${owner}$")
          message("${file}: includes <${header}>, whose only owner is ${owner}")
          math(EXPR broken "${broken} + 1")
        endif()
      endforeach()
    endif()
  endforeach()
endforeach()

if(checked EQUAL 0)
  message(FATAL_ERROR "layering: no include was found, so nothing was checked")
endif()
if(broken GREATER 0)
  message(FATAL_ERROR "layering: ${broken} broken rules")
endif()
message("layering: ${checked} includes follow the rules")
