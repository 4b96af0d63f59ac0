# Each Lua script becomes a C string array: `--@name` lines are replaced by the text
# of _name.lua. The scripts are compiled in, so that a worker is one file to copy.
set(REAPQ_LUA_DIR ${PROJECT_SOURCE_DIR}/common/lua)
set(REAPQ_LUA_C ${PROJECT_BINARY_DIR}/generated/lua_text.c)
file(GLOB REAPQ_LUA_FILES CONFIGURE_DEPENDS ${REAPQ_LUA_DIR}/*.lua)
add_custom_command(
  OUTPUT ${REAPQ_LUA_C}
  COMMAND ${CMAKE_COMMAND} -DDIR=${REAPQ_LUA_DIR} -DOUT=${REAPQ_LUA_C}
          -P ${PROJECT_SOURCE_DIR}/cmake/embed-lua.cmake
  DEPENDS ${REAPQ_LUA_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed-lua.cmake
  COMMENT "Embedding the Lua scripts")
# C99 promises literals of 4,095 bytes only; gcc and clang take any.
set_source_files_properties(${REAPQ_LUA_C} PROPERTIES
  COMPILE_OPTIONS -Wno-overlength-strings)
