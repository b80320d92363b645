# Fuzz targets. Ordinarily each replays its corpus as a test. To look for more with libFuzzer:
#
#   CC=clang cmake -G Ninja -B build-fuzz -DBB_FUZZ=ON -DCMAKE_C_FLAGS="-fsanitize=fuzzer-no-link,address,undefined"
#   ninja -C build-fuzz fuzz_frame && mkdir -p found && build-fuzz/tests/fuzz_frame -max_total_time=60 found tests/fuzz/corpus/frame
#
# and keep the smallest set: build-fuzz/tests/fuzz_frame -merge=1 tests/fuzz/corpus/frame found
option(BB_FUZZ "Build the fuzz targets for libFuzzer (clang)" OFF)

foreach(target client decimal dhis2_json expression frame json message metadata packed rows suggest text worker_session xml)
  add_executable(fuzz_${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_${target}.c)
  target_link_libraries(fuzz_${target} PRIVATE $<$<STREQUAL:${target},client>:bb_client>
    $<$<STREQUAL:${target},expression>:bb_measurement>
    $<$<IN_LIST:${target},dhis2_json$<SEMICOLON>json$<SEMICOLON>metadata$<SEMICOLON>suggest$<SEMICOLON>xml>:bb_formats> bb_runtime bb_options)
  set_target_properties(fuzz_${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(BB_FUZZ)
    target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/replay.c)
    add_test(NAME fuzz/${target} COMMAND fuzz_${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
    set_tests_properties(fuzz/${target} PROPERTIES TIMEOUT 120)
  endif()
endforeach()
