# The measurement worker without its threads and sockets.
add_library(bb_measurement_fixture STATIC unit/measurement/fixture.c unit/measurement/fixture_query.c
  unit/measurement/review_words.c unit/measurement/signed.c)
target_link_libraries(bb_measurement_fixture PUBLIC bb_measurement PkgConfig::CMOCKA)

foreach(test writer writer_history writer_rules writer_batch writer_dryrun writer_definitions writer_verify writer_expect writer_failure signing signing_broker signing_worker adoption receipts review review_published)
  bb_unit_test(measurement/${test} bb_measurement_fixture)
endforeach()
foreach(module order outlier history rule suspects reading rollup disaggregation dependencies expression expression_value indicator generation
    names journal dryrun pace standing turns times changes)
  bb_unit_test(measurement/${module} bb_measurement)
endforeach()
bb_unit_test(measurement/expression_foci bb_measurement PkgConfig::JANSSON)

# Following, and what was given.
add_library(bb_follow_fixture STATIC unit/measurement/follow_fixture.c unit/measurement/computed_life.c)
target_link_libraries(bb_follow_fixture PUBLIC bb_measurement_fixture)
foreach(test given given_random given_race follow follow_computed follow_computed_random follower)
  bb_unit_test(measurement/${test} bb_follow_fixture)
endforeach()

# Answers that are given again; its control takes it that nothing changes.
bb_unit_test(measurement/query_repeat bb_follow_fixture)
target_link_options(test_measurement_query_repeat PRIVATE LINKER:--wrap=bb_changes_touch)

# Suppression, against a model of what partners may ask.
add_library(bb_suppress_model STATIC unit/measurement/suppress_model.c unit/measurement/suppress_known.c
  unit/measurement/suppress_solve.c unit/measurement/suppress_random.c)
target_link_libraries(bb_suppress_model PUBLIC bb_measurement bb_options PkgConfig::CMOCKA)
bb_unit_test(measurement/suppress bb_suppress_model)
bb_unit_test(measurement/suppress_large bb_suppress_model)
