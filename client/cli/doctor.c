/* backbone doctor: why there is no connection, step by step, with what to do about it. */
#include "cli.h"
#include "context.h"

#include <inttypes.h>
#include <string.h>

struct doctor {
    struct bb_cli *cli;
    struct bb_output *output;
    const char *fix; /* of the step that failed */
};

enum { STEP, STATE, TOOK, FOUND, FIX };

static const struct bb_output_column columns[] = {
    [STEP] = {"step", "STEP", 0},
    [STATE] = {"state", "STATE", 0},
    [TOOK] = {"took_us", "TOOK", BB_OUTPUT_RIGHT},
    [FOUND] = {"found", "FOUND", BB_OUTPUT_WRAP},
    [FIX] = {"fix", NULL, BB_OUTPUT_DATA_ONLY},
};

static void
print_took(struct doctor *doctor, const struct bb_step *step)
{
    char text[32];

    if (doctor->cli->format != BB_OUTPUT_TABLE) {
        bb_output_int(doctor->output, TOOK, step->took_us);
        return;
    }
    snprintf(text, sizeof text, "%" PRId64 ".%" PRId64 " ms", step->took_us / 1000,
             step->took_us % 1000 / 100);
    bb_output_text(doctor->output, TOOK, text);
}

static void
print_step(void *self, const struct bb_step *step)
{
    static const struct {
        const char *word;
        enum bb_output_mark mark;
    } states[] = {
        [BB_STEP_FINE] = {"fine", BB_MARK_GOOD},
        [BB_STEP_WARNING] = {"warning", BB_MARK_WARN},
        [BB_STEP_FAILED] = {"failed", BB_MARK_BAD},
        [BB_STEP_NOT_TRIED] = {"not tried", BB_MARK_DIM},
    };
    struct doctor *doctor = self;

    bb_output_text(doctor->output, STEP, step->name);
    bb_output_text(doctor->output, STATE, states[step->state].word);
    bb_output_mark(doctor->output, STATE, states[step->state].mark);
    if (step->state != BB_STEP_NOT_TRIED)
        print_took(doctor, step);
    bb_output_text(doctor->output, FOUND, step->found);
    bb_output_text(doctor->output, FIX, step->fix);
    bb_output_row(doctor->output);
    if (step->fix)
        doctor->fix = step->fix;
}

static int
examine(struct doctor *doctor, const struct bb_cli_context *context)
{
    const struct bb_client_options options = {
        .endpoint = context->endpoint,
        .server_key = context->server_key,
        .key_file = context->key_file,
        .agent = "backbone/" BB_VERSION,
        .timeout_ms = doctor->cli->timeout_ms,
    };
    int r = bb_diagnose(&options, print_step, doctor);

    if (r >= 0)
        return r;
    bb_cli_error("%s", strerror(-r));
    return EX_OSERR;
}

static int
run_doctor(struct bb_cli *cli, int argc, char **argv)
{
    struct doctor doctor = {.cli = cli};
    struct bb_cli_context context;
    int r;

    bb_cli_parse(cli, bb_cli_command(cli), NULL, NULL, argc, argv, NULL);
    r = bb_cli_context_load(cli->context, &context);
    if (r != 0)
        return r;
    doctor.output = bb_cli_output(cli, columns, sizeof columns / sizeof *columns, 0);
    if (doctor.output)
        r = examine(&doctor, &context);
    r = bb_cli_finish(&doctor.output, r);
    if (doctor.fix)
        bb_cli_say("What to do: %s", doctor.fix);
    bb_cli_context_release(&context);
    return r;
}

const struct bb_command bb_commands_doctor[] = {
    {"doctor", "", "find out why there is no connection, step by step", run_doctor},
    {0},
};
