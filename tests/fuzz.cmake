# Fuzz targets. In the ordinary run each replays its corpus; tests/fuzz/run looks for more with libFuzzer.
option(BB_FUZZ "Build the fuzz targets for libFuzzer (clang)" OFF)

# Every message type of the generated headers, for the targets that take all of them.
set(message_types ${CMAKE_BINARY_DIR}/tests/fuzz/message_types.h)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/tests/fuzz)
file(GLOB message_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
list(TRANSFORM message_headers REPLACE ".*/(.*)\\.proto" "${CMAKE_BINARY_DIR}/proto/\\1.pb-c.h")
add_custom_command(OUTPUT ${message_types}
  COMMAND sed -n "s/^extern const ProtobufCMessageDescriptor \\(bb__.*\\);/TYPE(\\1)/p" ${message_headers} > ${message_types}
  DEPENDS bb_messages VERBATIM)
add_custom_target(message_types DEPENDS ${message_types})

add_library(any_message STATIC support/any_message.c)
target_link_libraries(any_message PUBLIC bb_runtime bb_options)

# bb_fuzz_target(frame bb_runtime ...): tests/fuzz/fuzz_frame.c, linked with the libraries named.
function(bb_fuzz_target target)
  add_executable(fuzz_${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${target}.c)
  target_link_libraries(fuzz_${target} PRIVATE ${ARGN} any_message bb_runtime bb_options)
  set_target_properties(fuzz_${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(BB_FUZZ)
    target_sources(fuzz_${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/blocks.c
      ${CMAKE_SOURCE_DIR}/tests/fuzz/patterns.c)
    target_compile_definitions(fuzz_${target} PRIVATE BB_FUZZ)
    target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer
      -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=regcomp,--wrap=regfree)
  else()
    target_sources(fuzz_${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME fuzz/${target} COMMAND fuzz_${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${target})
    set_tests_properties(fuzz/${target} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

# What travels.
bb_fuzz_target(frame)
bb_fuzz_target(message)
add_dependencies(fuzz_message message_types)
target_include_directories(fuzz_message PRIVATE ${CMAKE_BINARY_DIR}/tests/fuzz)
bb_fuzz_target(rows)
bb_fuzz_target(signature)
bb_fuzz_target(worker_session)
bb_fuzz_target(client bb_client)
bb_fuzz_target(answers bb_client)
target_link_options(fuzz_answers PRIVATE -Wl,--wrap=bb_call_run)
# What is in it.
bb_fuzz_target(decimal)
bb_fuzz_target(packed)
bb_fuzz_target(text)
bb_fuzz_target(expression bb_measurement)
# Files of readings, and what belongs to them.
bb_fuzz_target(json bb_formats)
bb_fuzz_target(dhis2_json bb_formats)
bb_fuzz_target(xml bb_formats)
bb_fuzz_target(metadata bb_formats)
bb_fuzz_target(suggest bb_formats)
bb_fuzz_target(source bb_formats)
bb_fuzz_target(map bb_formats)
# What workers are told, and what they keep.
bb_fuzz_target(definition bb_measurement)
bb_fuzz_target(channel bb_communication)
bb_fuzz_target(message_record bb_communication)
bb_fuzz_target(records bb_measurement)
bb_fuzz_target(redo bb_communication PkgConfig::XXHASH)
bb_fuzz_target(segment bb_store PkgConfig::XXHASH)
# Files of operators.
bb_fuzz_target(config bb_broker)
bb_fuzz_target(partner_file bb_broker)
bb_fuzz_target(keyfile)
bb_fuzz_target(invitation)
