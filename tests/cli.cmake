foreach(module csv_reader map source)
  bb_unit_test(cli/${module} bb_cli)
endforeach()
