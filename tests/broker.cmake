bb_unit_test(broker/router bb_broker)
bb_unit_test(broker/policy bb_broker)
bb_unit_test(broker/registry bb_broker)
bb_unit_test(broker/zap bb_broker)
bb_unit_test(broker/peers bb_broker)
bb_unit_test(broker/directory bb_broker)
bb_unit_test(broker/doors bb_broker)

# The real broker with real sockets: tests/broker/test_<name>.c beside the fixture that starts it.
function(bb_broker_test name)
  add_executable(test_broker_process_${name} ${CMAKE_SOURCE_DIR}/tests/broker/test_${name}.c
    ${CMAKE_SOURCE_DIR}/tests/broker/fixture.c)
  target_link_libraries(test_broker_process_${name} PRIVATE bb_runtime bb_options PkgConfig::CMOCKA PkgConfig::ZMQ)
  target_compile_definitions(test_broker_process_${name} PRIVATE BB_BROKER_BINARY="$<TARGET_FILE:backbone-broker>")
  add_dependencies(test_broker_process_${name} backbone-broker)
  set_target_properties(test_broker_process_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME broker/${name} COMMAND test_broker_process_${name})
  set_tests_properties(broker/${name} PROPERTIES TIMEOUT 180)
endfunction()
bb_broker_test(door)
bb_broker_test(route)
bb_broker_test(rude)
target_sources(test_broker_process_rude PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/curve.c)
target_link_libraries(test_broker_process_rude PRIVATE PkgConfig::SODIUM)

# Not a test: requests a second through the broker.
add_executable(bench_broker_route ${CMAKE_SOURCE_DIR}/tests/broker/bench_route.c ${CMAKE_SOURCE_DIR}/tests/broker/fixture.c)
target_link_libraries(bench_broker_route PRIVATE bb_runtime bb_options PkgConfig::CMOCKA PkgConfig::ZMQ)
target_compile_definitions(bench_broker_route PRIVATE BB_BROKER_BINARY="$<TARGET_FILE:backbone-broker>")
add_dependencies(bench_broker_route backbone-broker)
set_target_properties(bench_broker_route PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

bb_unit_test(proto/protocol_text bb_proto)
target_compile_definitions(test_proto_protocol_text PRIVATE BB_PROTOCOL_TEXT="${CMAKE_SOURCE_DIR}/proto/PROTOCOL.md")
