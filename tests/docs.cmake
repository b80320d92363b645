add_test(NAME unit/docs/manual
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/docs/manual.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(unit/docs/manual PROPERTIES TIMEOUT 60)

add_test(NAME unit/docs/exit-codes COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/docs/exit-codes.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(unit/docs/exit-codes PROPERTIES TIMEOUT 20)
