foreach(module csv_reader)
  bb_unit_test(cli/${module} bb_cli)
endforeach()
