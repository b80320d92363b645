# The benchmarks: built where their peers' libraries are, run by the scripts tests/bench/ingest, query, fanout, store
# and formats, never by the test suite.
pkg_check_modules(PQ IMPORTED_TARGET libpq)
pkg_check_modules(OPENSSL IMPORTED_TARGET openssl)
set(bench ${CMAKE_CURRENT_SOURCE_DIR}/bench)

add_library(bench_base STATIC ${bench}/workload.c ${bench}/run.c ${bench}/machine.c ${bench}/spawn.c ${bench}/options.c)
target_link_libraries(bench_base PUBLIC bb_options)

if(PQ_FOUND AND OPENSSL_FOUND)
  add_executable(bench-ingest ${bench}/ingest.c ${bench}/cases.c ${bench}/daemons.c ${bench}/report.c ${bench}/report_machine.c ${bench}/ours.c ${bench}/lean.c ${bench}/link.c ${CMAKE_CURRENT_SOURCE_DIR}/support/curve.c ${bench}/redis.c
    ${bench}/postgres.c ${bench}/tls.c)
  target_link_libraries(bench-ingest PRIVATE bench_base bb_client PkgConfig::PQ PkgConfig::OPENSSL PkgConfig::LMDB
    PkgConfig::JANSSON)
  target_include_directories(bench-ingest PRIVATE ${CMAKE_SOURCE_DIR})
  set_target_properties(bench-ingest PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

  add_executable(bench-query ${bench}/query.c ${bench}/query_ours.c ${bench}/query_postgres.c ${bench}/query_writer.c
    ${bench}/daemons.c ${bench}/report_machine.c ${bench}/ours.c ${bench}/lean.c ${bench}/link.c
    ${CMAKE_CURRENT_SOURCE_DIR}/support/curve.c ${bench}/postgres.c ${bench}/tls.c)
  target_link_libraries(bench-query PRIVATE bench_base bb_client PkgConfig::PQ PkgConfig::OPENSSL PkgConfig::LMDB
    PkgConfig::JANSSON)
  target_include_directories(bench-query PRIVATE ${CMAKE_SOURCE_DIR})
  set_target_properties(bench-query PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endif()

if(OPENSSL_FOUND)
  add_executable(bench-fanout ${bench}/fanout.c ${bench}/fanout_cases.c ${bench}/fanout_report.c ${bench}/fanout_side.c
    ${bench}/fanout_text.c ${bench}/tally.c ${bench}/report_machine.c ${bench}/clients.c ${bench}/tls.c ${bench}/nats.c
    ${bench}/nats_core.c ${bench}/jetstream.c ${bench}/mosquitto.c ${bench}/fanout_ours.c ${bench}/link.c ${bench}/daemons.c
    ${CMAKE_CURRENT_SOURCE_DIR}/support/curve.c)
  target_link_libraries(bench-fanout PRIVATE bench_base bb_client PkgConfig::OPENSSL PkgConfig::JANSSON m)
  target_include_directories(bench-fanout PRIVATE ${CMAKE_SOURCE_DIR})
  set_target_properties(bench-fanout PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endif()

add_executable(bench-store ${bench}/store.c ${bench}/store_file.c)
target_link_libraries(bench-store PRIVATE bench_base bb_measurement PkgConfig::JANSSON)
set_target_properties(bench-store PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

add_executable(bench-formats ${bench}/formats.c ${bench}/formats_files.c ${bench}/formats_client.c ${bench}/formats_parse.c
  ${bench}/report_machine.c)
target_link_libraries(bench-formats PRIVATE bench_base bb_formats PkgConfig::JANSSON)
set_target_properties(bench-formats PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
