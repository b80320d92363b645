add_library(fake_broker STATIC unit/client/fake_broker.c)
target_link_libraries(fake_broker PUBLIC bb_runtime)

bb_unit_test(client/backoff bb_client)
bb_unit_test(client/diagnose bb_client)
add_library(answers_fixture STATIC unit/client/answers_fixture.c)
target_link_libraries(answers_fixture PUBLIC bb_client bb_options PkgConfig::CMOCKA)
foreach(test figures catalogue messages groups)
  bb_unit_test(client/${test} answers_fixture)
endforeach()
add_library(client_fixture STATIC unit/client/client_fixture.c)
target_link_libraries(client_fixture PUBLIC bb_client fake_broker bb_options PkgConfig::CMOCKA)
foreach(test client submission signing subscription)
  bb_unit_test(client/${test} client_fixture)
endforeach()
bb_unit_test(client/output bb_cli)

add_library(session_fixture STATIC unit/client/session_fixture.c unit/client/session_owner.c)
target_link_libraries(session_fixture PUBLIC bb_client bb_options PkgConfig::CMOCKA)
foreach(test session session_connection session_stream session_subscription session_delivery session_lives)
  bb_unit_test(client/${test} session_fixture)
endforeach()

add_test(NAME unit/client/contexts COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/client/contexts.sh ${CMAKE_BINARY_DIR})
set_tests_properties(unit/client/contexts PROPERTIES TIMEOUT 120)

# Waiting; its clock and its poll(2) are scripts.
bb_unit_test(client/awake bb_client)
target_link_options(test_client_awake PRIVATE LINKER:--wrap=poll,--wrap=sched_yield,--wrap=bb_clock_ns)
