# bb_process_test(name seconds): tests/process/NAME.sh, the real binaries in a sandbox of its own, within this time (and
# four times as much under sanitizers). A test that ends with 111 was skipped: what it needs is not there.
function(bb_process_test name seconds)
  if(BB_SANITIZE)
    math(EXPR seconds "${seconds} * 4")
  endif()
  add_test(NAME process/${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/process/${name}.sh)
  set_tests_properties(process/${name} PROPERTIES
    TIMEOUT ${seconds} SKIP_RETURN_CODE 111 ENVIRONMENT "BB_BUILD=${CMAKE_BINARY_DIR}")
endfunction()

bb_process_test(harness 60)
bb_process_test(sandbox 60)
bb_process_test(quickstart 120)
bb_process_test(setup 60)
bb_process_test(check-config 60)
bb_process_test(sample 60)
bb_process_test(catalogue 60)
bb_process_test(report 60)
bb_process_test(trend 60)
bb_process_test(output 60)
bb_process_test(import 90)
bb_process_test(interrupt 60)
bb_process_test(bad-input 90)
bb_process_test(access 60)
bb_process_test(idempotence 60)
bb_process_test(dry-run 90)
bb_process_test(restart 60)
bb_process_test(syscalls 60)
bb_process_test(large-answer 90)
bb_process_test(stalled-reader 90)
bb_process_test(backpressure 120)
bb_process_test(fairness 120)
bb_process_test(locale 60)
bb_process_test(install 120)
bb_process_test(readme 60)
bb_process_test(daemons 60)
bb_process_test(data-county 60)
bb_process_test(data-claims 90)
bb_process_test(data-edsight 60)
bb_process_test(data-gapminder 180)

# These compile, or load the machine; beside others they would only slow each other down.
set_tests_properties(process/quickstart process/install process/data-gapminder PROPERTIES RUN_SERIAL ON)

# What process/fairness floods the worker with.
add_executable(flood process/flood.c support/connect.c)
target_link_libraries(flood PRIVATE bb_client bb_options)
set_target_properties(flood PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# Writes messages, many at once.
add_executable(publish process/publish.c support/connect.c)
target_link_libraries(publish PRIVATE bb_client bb_options)
set_target_properties(publish PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
