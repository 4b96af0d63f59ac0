# The warnings every target of ours is built with, and what the build type adds.
# Target: reapq_flags (INTERFACE).
add_library(reapq_flags INTERFACE)
target_compile_definitions(reapq_flags INTERFACE _GNU_SOURCE
  REAPQ_VERSION="${PROJECT_VERSION}")
target_compile_options(reapq_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wconversion -Wcast-qual -Wwrite-strings -Wformat=2
  -Wmissing-format-attribute -Wundef -Wvla -Wswitch-enum -Wnull-dereference)
if(REAPQ_WERROR)
  target_compile_options(reapq_flags INTERFACE -Werror)
endif()
if(REAPQ_SANITIZE)
  target_compile_options(reapq_flags INTERFACE
    -fsanitize=${REAPQ_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(reapq_flags INTERFACE -fsanitize=${REAPQ_SANITIZE})
endif()
if(REAPQ_COVERAGE)
  target_compile_options(reapq_flags INTERFACE --coverage)
  target_link_options(reapq_flags INTERFACE --coverage)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT REAPQ_SANITIZE)
  # No lazy binding: a symbol resolved before the fork is not resolved in each child.
  target_compile_options(reapq_flags INTERFACE
    -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  target_link_options(reapq_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
