# Delivery under chaos: programs that publish, subscribe, disturb and check, and the tests that use
# them. They have the label chaos.
add_library(fan STATIC process/fan/world.c process/fan/store.c support/connect.c support/program.c)
target_link_libraries(fan PUBLIC bb_client bb_options)
foreach(program publish subscribe drive check)
  add_executable(fan-${program} process/fan/${program}.c)
  target_link_libraries(fan-${program} PRIVATE fan)
  set_target_properties(fan-${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# bb_fan_test(name seconds): tests/process/fan-NAME.sh. Under sanitizers there is less of everything.
function(bb_fan_test name seconds)
  bb_process_test(fan-${name} ${seconds})
  set_property(TEST process/fan-${name} PROPERTY LABELS chaos)
  if(BB_SANITIZE)
    set_property(TEST process/fan-${name} APPEND PROPERTY ENVIRONMENT BB_FAN_SUBSCRIBERS=30 BB_FAN_MESSAGES=2000
      BB_FAN_RATE=150)
  endif()
endfunction()

bb_fan_test(chaos 300)
if(NOT BB_SANITIZE) # that a fault is found out needs none
  bb_fan_test(chaos-control 120)
endif()
