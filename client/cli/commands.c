/* Every command of the program, file by file, in the order of the help. */
#include "cli.h"
#include "communication.h"
#include "data.h"

const struct bb_command *const bb_command_tables[] = {
    bb_commands_context,    bb_commands_join,
    bb_commands_keys,       bb_commands_doctor,
    bb_commands_service,    bb_commands_partner,
    bb_commands_place,      bb_commands_indicator,
    bb_commands_adopt,      bb_commands_rule,
    bb_commands_map,        bb_commands_import,
    bb_commands_export,     bb_commands_report,
    bb_commands_template,   bb_commands_readings,
    bb_commands_correct,    bb_commands_batch,
    bb_commands_trend,      bb_commands_reporting,
    bb_commands_progress,   bb_commands_assessment,
    bb_commands_submission, bb_commands_chain,
    bb_commands_signing,    bb_commands_announce,
    bb_commands_post,       bb_commands_inbox,
    bb_commands_subscribe,  bb_commands_listen,
    bb_commands_group,      bb_commands_access,
    bb_commands_audit,      NULL,
};
