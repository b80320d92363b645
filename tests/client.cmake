add_library(fake_broker STATIC unit/client/fake_broker.c)
target_link_libraries(fake_broker PUBLIC bb_runtime)

bb_unit_test(client/backoff bb_client)
bb_unit_test(client/answers bb_client)
bb_unit_test(client/client bb_client fake_broker)
bb_unit_test(client/output bb_cli)

add_library(session_fixture STATIC unit/client/session_fixture.c)
target_link_libraries(session_fixture PUBLIC bb_client bb_options PkgConfig::CMOCKA)
foreach(test session session_connection session_stream)
  bb_unit_test(client/${test} session_fixture)
endforeach()

add_test(NAME unit/client/contexts COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/client/contexts.sh ${CMAKE_BINARY_DIR})
set_tests_properties(unit/client/contexts PROPERTIES TIMEOUT 120)
