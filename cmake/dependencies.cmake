# hiredis, libevent, msgpack-c, jansson, elfutils, libseccomp: all from the distribution's packages.
# docs/adr/ says why each. They are system headers to us, so that our warnings are
# about our code.
find_package(PkgConfig REQUIRED)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1)
# Debian 12 calls it msgpack, Debian 13 (and upstream since 6.0) msgpack-c.
pkg_search_module(MSGPACK REQUIRED IMPORTED_TARGET msgpack-c msgpack)
# Debian 13's file names its directories relative to nothing; they are the system's anyway.
get_target_property(msgpack_include PkgConfig::MSGPACK INTERFACE_INCLUDE_DIRECTORIES)
if(msgpack_include)
  list(FILTER msgpack_include INCLUDE REGEX "^/")
  set_property(TARGET PkgConfig::MSGPACK PROPERTY
    INTERFACE_INCLUDE_DIRECTORIES ${msgpack_include})
endif()
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.12)
# For reapq-symbolize alone.
pkg_check_modules(LIBDW REQUIRED IMPORTED_TARGET libdw>=0.176)
# For reapq-worker alone: it makes the filters that children put on.
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
