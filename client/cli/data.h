/* The commands that move data: their tables, and the few things they share. */
#ifndef BB_CLI_DATA_H
#define BB_CLI_DATA_H

#include "cli.h"

extern const struct bb_command bb_commands_import[];
extern const struct bb_command bb_commands_export[];
extern const struct bb_command bb_commands_map[]; /* map suggest */
extern const struct bb_command bb_commands_report[];
extern const struct bb_command bb_commands_template[];
extern const struct bb_command bb_commands_readings[]; /* readings ls, readings history */
extern const struct bb_command bb_commands_correct[];  /* readings correct, readings withdraw */
extern const struct bb_command bb_commands_batch[];    /* batch ls, show, undo */
extern const struct bb_command bb_commands_trend[];
extern const struct bb_command bb_commands_indicator[];
extern const struct bb_command bb_commands_adopt[];
extern const struct bb_command bb_commands_rule[];
extern const struct bb_command bb_commands_reporting[]; /* reporting, due */
extern const struct bb_command bb_commands_submission[];
extern const struct bb_command bb_commands_progress[];
extern const struct bb_command bb_commands_assessment[];
extern const struct bb_command bb_commands_place[];
extern const struct bb_command bb_commands_chain[];
extern const struct bb_command bb_commands_signing[]; /* chain export, verify-receipt */

/* A --period A..B: one period is a range of itself; A.. and ..B are open. Changes the text. Empty sides are
 * NULL. */
void bb_cli_period_range(char *text, const char **ret_from, const char **ret_to);

/* An --as-of WHEN: seq:N, or a time as bb_utc_parse() reads it. 0 | -EINVAL | -ERANGE it is still to come */
int bb_cli_as_of(const char *text, uint64_t *ret_sequence, int64_t *ret_us);

/* A --since WHEN: the same, but of a date its beginning, so that nothing is missed; N is seq:N. */
int bb_cli_since(const char *text, uint64_t *ret_sequence, int64_t *ret_us);

/* The options that questions about readings have in common, and their parser. */
enum {
    BB_CLI_KEY_PERIOD = 0x280,
    BB_CLI_KEY_DISAGGREGATION,
    BB_CLI_KEY_AS_OF,
    BB_CLI_KEY_INDICATOR,
    BB_CLI_KEY_ORGANIZATION,
    BB_CLI_KEY_SINCE
};

#define BB_CLI_OPTION_AS_OF                                                                                  \
    {                                                                                                        \
        "as-of", BB_CLI_KEY_AS_OF, "WHEN", 0, "as it was then: a date (its end, UTC), a time, or seq:N", 0   \
    }

#define BB_CLI_OPTION_SINCE                                                                                  \
    {                                                                                                        \
        "since", BB_CLI_KEY_SINCE, "WHEN", 0,                                                                \
            "what has changed since, or was withdrawn: a date (its beginning, UTC), a time, or seq:N", 0     \
    }

#define BB_CLI_OPTION_PERIODS                                                                                \
    {                                                                                                        \
        "period", BB_CLI_KEY_PERIOD, "A..B", 0, "periods within this range; A, A.. and ..B as well", 0       \
    }

#define BB_CLI_OPTION_OF_INDICATOR                                                                           \
    {                                                                                                        \
        "indicator", BB_CLI_KEY_INDICATOR, "CODE", 0, "of this indicator only", 0                            \
    }

/* Others have nothing of another one. */
#define BB_CLI_OPTION_OF_ORGANIZATION                                                                        \
    {                                                                                                        \
        "organization", BB_CLI_KEY_ORGANIZATION, "ORG", 0, "staff: of this organization only", 0             \
    }

#define BB_CLI_QUESTION_OPTIONS                                                                              \
    {"disaggregation", BB_CLI_KEY_DISAGGREGATION, "D", 0, "this group: race=White; \"\" is the total", 0},   \
        BB_CLI_OPTION_PERIODS, BB_CLI_OPTION_AS_OF

struct bb_cli_question { /* where the arguments go; NULL: the command has no such option */
    const char **disaggregation, **period_from, **period_to;
    uint64_t *as_of_sequence;
    int64_t *as_of_us;
    const char **indicator, **organization;
    uint64_t *since_sequence;
    int64_t *since_us;
};
/* 0 | ARGP_ERR_UNKNOWN; leaves with EX_USAGE */
error_t bb_cli_parse_question(int key, char *arg, struct argp_state *state,
                              const struct bb_cli_question *question);

/* Arguments of which there may be several. To be freed: text. */
struct bb_cli_texts {
    const char **text; /* borrowed */
    size_t n;
};
void bb_cli_texts_add(struct bb_cli_texts *texts, const struct argp_state *state, const char *text);

/* For one request whose sequence we want to know: give bb_cli_answer_done() and the answer to it, then wait.
 */
struct bb_cli_answer {
    bool ended;
    int result; /* enum bb_result */
    uint32_t code;
    uint64_t sequence;
    char message[512];
};
void bb_cli_answer_done(void *self_answer, const struct bb_problem *end, uint64_t sequence);
/* made: what the request function returned. Says why it failed, if it did. Returns an exit code. */
int bb_cli_answer_wait(struct bb_client *client, struct bb_cli_answer *answer, int made);

/* The text of an option that must not be empty, as an unset variable of a shell is: leaves with EX_USAGE. */
const char *bb_cli_filled(const struct argp_state *state, const char *option, const char *text);

/* Likewise an argument that is no option: what it is, "CODE". */
const char *bb_cli_argument(const struct argp_state *state, const char *what, const char *text);

/* Where staff named no organization: say on stderr that it was about their own. Behind a request of the
 * client. */
void bb_cli_say_whose(const struct bb_client *client);

/* Say on stderr as of which sequence an answer is, so that it can be asked for again (--as-of seq:N). */
void bb_cli_say_sequence(uint64_t sequence);

/* Below a table in which something is withheld: why, whichever it is. */
void bb_cli_say_withheld(void);

/* Open FILE, or standard input for "-". ret_name: for messages. 0 | EX_NOINPUT, the reason said. */
int bb_cli_open(const char *file, int *ret_fd, const char **ret_name);

#endif
