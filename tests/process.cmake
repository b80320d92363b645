# bb_process_test(name seconds): tests/process/NAME.sh, the real binaries in a sandbox of its own, within this time (and
# four times as much under sanitizers). A test that ends with 111 was skipped: the data it reads are not there.
function(bb_process_test name seconds)
  if(BB_SANITIZE)
    math(EXPR seconds "${seconds} * 4")
  endif()
  add_test(NAME process/${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/process/${name}.sh)
  set_tests_properties(process/${name} PROPERTIES
    TIMEOUT ${seconds} SKIP_RETURN_CODE 111 ENVIRONMENT "BB_BUILD=${CMAKE_BINARY_DIR}")
endfunction()

