# The measurement worker without its threads and sockets.
add_library(bb_measurement_fixture STATIC unit/measurement/fixture.c)
target_link_libraries(bb_measurement_fixture PUBLIC bb_measurement PkgConfig::CMOCKA)

bb_unit_test(measurement/writer bb_measurement_fixture)
bb_unit_test(measurement/writer_failure bb_measurement_fixture)
foreach(module order reading rollup disaggregation indicator generation names journal dryrun pace turns)
  bb_unit_test(measurement/${module} bb_measurement)
endforeach()
