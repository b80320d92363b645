bb_unit_test(store/varint bb_store)
add_library(store_fixture STATIC unit/store/store_fixture.c)
target_link_libraries(store_fixture PUBLIC bb_store bb_options PkgConfig::CMOCKA)
bb_unit_test(store/store store_fixture)
bb_unit_test(store/store_growth store_fixture)
add_library(appendlog_fixture STATIC unit/store/appendlog_fixture.c)
target_link_libraries(appendlog_fixture PUBLIC bb_store bb_options PkgConfig::CMOCKA)
bb_unit_test(store/appendlog appendlog_fixture)
bb_unit_test(store/appendlog_damage appendlog_fixture)

# A test on a disk that loses what was not synced: tests/unit/store/disk.h stands below its system calls.
function(bb_disk_test path library)
  bb_unit_test(${path} ${library})
  string(REPLACE "/" "_" name test_${path})
  target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/store/disk.c
                                 ${CMAKE_SOURCE_DIR}/tests/unit/store/lives.c)
  foreach(call mkdir openat renameat pwrite ftruncate fallocate fsync fdatasync)
    target_link_options(${name} PRIVATE -Wl,--wrap=${call})
  endforeach()
endfunction()

bb_disk_test(store/crash bb_store)
