# What the tests of queries share: a small store, a catalogue to put into it, asking, and a plain model of the answers.
add_library(test_query STATIC unit/measurement/query_store.c unit/measurement/query_ask.c
  unit/measurement/query_model.c unit/measurement/query_model_figure.c unit/measurement/query_model_trend.c
  unit/measurement/query_model_readings.c unit/measurement/query_catalogue.c unit/measurement/query_world.c)
target_link_libraries(test_query PUBLIC bb_measurement bb_options PkgConfig::CMOCKA)

foreach(test query query_mixed query_damage query_memory query_choice query_walk query_random query_random_readings query_figures query_latest query_since known readers)
  bb_unit_test(measurement/${test} test_query bb_measurement)
endforeach()
add_library(test_computed STATIC unit/measurement/computed_store.c)
target_link_libraries(test_computed PUBLIC test_query)
foreach(test query_computed query_longer)
  bb_unit_test(measurement/${test} test_computed)
endforeach()
bb_unit_test(measurement/writer_random test_query bb_measurement_fixture)

# Reports that are expected, and what stands of them beside trends: stories of them.
foreach(test coverage reporting)
  add_library(test_${test} STATIC unit/measurement/${test}_story.c)
  target_link_libraries(test_${test} PUBLIC test_query bb_measurement_fixture)
  bb_unit_test(measurement/${test} test_${test})
endforeach()

# Where indicators stand, found again by hand.
add_library(test_progress STATIC unit/measurement/progress_story.c unit/measurement/progress_by_hand.c)
target_link_libraries(test_progress PUBLIC test_query bb_measurement_fixture)
bb_unit_test(measurement/query_progress test_progress)

# What is hidden, through all that answers queries; a control takes away from what bb_suppress() says.
add_library(test_hidden STATIC unit/measurement/hidden_store.c unit/measurement/hidden_ask.c)
target_link_libraries(test_hidden PUBLIC test_query bb_suppress_model)
foreach(test hidden query_hidden query_hidden_moments)
  bb_unit_test(measurement/${test} test_hidden)
  target_link_options(test_measurement_${test} PRIVATE LINKER:--wrap=bb_suppress)
endforeach()
