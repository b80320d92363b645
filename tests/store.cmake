bb_unit_test(store/varint bb_store)
bb_unit_test(store/store bb_store)
add_library(appendlog_fixture STATIC unit/store/appendlog_fixture.c)
target_link_libraries(appendlog_fixture PUBLIC bb_store bb_options PkgConfig::CMOCKA)
bb_unit_test(store/appendlog appendlog_fixture)
bb_unit_test(store/appendlog_damage appendlog_fixture)

# The log on a disk that loses what was not synced: tests/unit/store/disk.h stands below its system calls.
bb_unit_test(store/crash bb_store)
target_sources(test_store_crash PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/store/disk.c)
foreach(call mkdir openat renameat pwrite ftruncate fallocate fsync fdatasync)
  target_link_options(test_store_crash PRIVATE -Wl,--wrap=${call})
endforeach()
