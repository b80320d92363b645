foreach(module arena document envelope message methods utf8)
  bb_unit_test(proto/${module} bb_proto)
endforeach()
target_compile_definitions(test_proto_document PRIVATE BB_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
