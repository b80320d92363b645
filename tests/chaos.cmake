# Durability: programs that load, kill and check, a worker that commits faults on purpose, and the tests that use them.
# Everything here has the label chaos (ctest -LE chaos leaves it out).
add_library(chaos STATIC process/chaos/workload.c process/chaos/ledger.c process/chaos/model.c process/chaos/story.c support/connect.c support/program.c)
target_link_libraries(chaos PUBLIC bb_client bb_options)
foreach(program load drive check order live live-check)
  string(REPLACE - _ file ${program})
  add_executable(chaos-${program} process/chaos/${file}.c)
  target_link_libraries(chaos-${program} PRIVATE chaos)
  set_target_properties(chaos-${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()
target_link_libraries(chaos-check PRIVATE bb_measurement)

# The same worker with runtime/faults.h switched on; BB_FAULT names the fault.
get_target_property(MEASUREMENT_FILES bb_measurement SOURCES)
add_executable(backbone-measurement-faulty ${MEASUREMENT_FILES} ${CMAKE_SOURCE_DIR}/workers/measurement/main.c
  ${CMAKE_SOURCE_DIR}/runtime/local.c)
target_compile_definitions(backbone-measurement-faulty PRIVATE BB_FAULTS)
target_link_libraries(backbone-measurement-faulty PRIVATE bb_store bb_runtime PkgConfig::XXHASH)
set_target_properties(backbone-measurement-faulty PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# The communication worker likewise.
get_target_property(COMMUNICATION_FILES bb_communication SOURCES)
add_executable(backbone-communication-faulty ${COMMUNICATION_FILES} ${CMAKE_SOURCE_DIR}/workers/communication/main.c)
target_compile_definitions(backbone-communication-faulty PRIVATE BB_FAULTS)
target_link_libraries(backbone-communication-faulty PRIVATE bb_store bb_runtime PkgConfig::XXHASH)
set_target_properties(backbone-communication-faulty PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# What it wrote of measurement's batches.
add_executable(chaos-updates process/chaos/updates.c)
target_link_libraries(chaos-updates PRIVATE bb_communication bb_options)
set_target_properties(chaos-updates PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# bb_chaos_test(name seconds): tests/process/chaos-NAME.sh. Under sanitizers the loops are shorter.
function(bb_chaos_test name seconds)
  bb_process_test(chaos-${name} ${seconds})
  set_property(TEST process/chaos-${name} PROPERTY LABELS chaos)
  if(BB_SANITIZE)
    set_property(TEST process/chaos-${name} APPEND PROPERTY ENVIRONMENT BB_CHAOS_KILLS=40 BB_CHAOS_EVERY=20)
  endif()
endfunction()

bb_chaos_test(kill 300)
bb_chaos_test(order 120)
bb_chaos_test(order-messages 120)
bb_chaos_test(retry 60)
bb_chaos_test(damage 60)
bb_chaos_test(eio 60)
bb_chaos_test(messages 120)
bb_chaos_test(messages-full 120)
bb_chaos_test(full 120)
bb_chaos_test(memory 120)
bb_chaos_test(order-given 120)
bb_chaos_test(updates 180)
# That a fault is found out needs no sanitizer.
if(NOT BB_SANITIZE)
  bb_chaos_test(kill-control 120)
  bb_chaos_test(updates-control 180)
endif()

# It measures what others would change.
set_tests_properties(process/chaos-memory PROPERTIES RUN_SERIAL ON)
