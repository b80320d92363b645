foreach(module alike body csv_reader data hook importer json_words map message resume source sparkline tally verify)
  bb_unit_test(cli/${module} bb_cli)
endforeach()
# The service that this one sends to stands in the test.
foreach(function client_submit client_process client_destroy client_fd client_timeout submission_begin submission_set_flags)
  target_link_options(test_cli_importer PRIVATE -Wl,--wrap=bb_${function})
endforeach()
