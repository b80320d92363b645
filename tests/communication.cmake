# The communication worker without its session with the broker.
add_library(bb_communication_fixture STATIC unit/communication/fixture.c unit/communication/played.c
  unit/communication/played_journal.c unit/communication/played_reports.c)
target_link_libraries(bb_communication_fixture PUBLIC bb_communication PkgConfig::CMOCKA)

foreach(test publish withdraw list receipt leak groups retention rounds walk follow follow_random reminders reminders_random)
  bb_unit_test(communication/${test} bb_communication_fixture)
endforeach()

add_library(bb_feed_fixture STATIC unit/communication/feed_fixture.c)
target_link_libraries(bb_feed_fixture PUBLIC bb_communication_fixture)
foreach(test feed feed_gone feed_random indicators subscription)
  bb_unit_test(communication/${test} bb_feed_fixture)
endforeach()

foreach(module channel redo whole filter cursor numbers fanout fanout_random)
  bb_unit_test(communication/${module} bb_communication)
endforeach()

bb_disk_test(communication/redo_crash bb_communication)
