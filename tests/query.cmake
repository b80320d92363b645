# What the tests of queries share: a small store, a catalogue to put into it, asking, and a plain model of the answers.
add_library(test_query STATIC unit/measurement/query_store.c unit/measurement/query_ask.c unit/measurement/query_model.c
  unit/measurement/query_catalogue.c unit/measurement/query_world.c)
target_link_libraries(test_query PUBLIC bb_measurement bb_options PkgConfig::CMOCKA)

foreach(test query query_mixed query_damage query_memory query_choice query_walk query_random query_random_readings query_computed query_latest readers)
  bb_unit_test(measurement/${test} test_query bb_measurement)
endforeach()
foreach(test query_progress writer_random)
  bb_unit_test(measurement/${test} test_query bb_measurement_fixture)
endforeach()
