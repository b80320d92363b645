foreach(module arena document envelope message methods utf8 vectors)
  bb_unit_test(proto/${module} bb_proto)
  target_compile_definitions(test_proto_${module} PRIVATE BB_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endforeach()
