add_library(fake_broker STATIC unit/client/fake_broker.c)
target_link_libraries(fake_broker PUBLIC bb_runtime)

bb_unit_test(client/backoff bb_client)
bb_unit_test(client/answers bb_client)
bb_unit_test(client/session bb_client)
bb_unit_test(client/client bb_client fake_broker)
bb_unit_test(client/output bb_cli)

add_test(NAME unit/client/contexts COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/client/contexts.sh ${CMAKE_BINARY_DIR})
set_tests_properties(unit/client/contexts PROPERTIES TIMEOUT 120)
