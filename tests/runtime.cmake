foreach(module buffer clock codes entries file fingerprint invitation period rowset signature table text uuid)
  bb_unit_test(runtime/${module} bb_runtime)
endforeach()

add_library(decimal_fixture STATIC unit/runtime/decimal_fixture.c)
target_link_libraries(decimal_fixture PUBLIC bb_runtime bb_options PkgConfig::CMOCKA)
foreach(module decimal decimal_sum decimal_random fraction)
  bb_unit_test(runtime/${module} decimal_fixture)
endforeach()
