#include "resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=@%+";

/* One word of the shell: as it stands, or between single quotes. */
static void
put_word(FILE *to, const char *word)
{
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\'", to);
        fputc(*word, to);
    }
    fputc('\'', to);
}

char *
bb_resume_command(char *const *called, size_t n_words, const char *batch)
{
    char *line = NULL;
    size_t size;
    FILE *to = open_memstream(&line, &size);
    if (!to)
        return NULL;
    for (size_t i = 0; called[i]; i++) {
        if (i)
            fputc(' ', to);
        put_word(to, called[i]);
        if (batch && i + 1 == n_words)
            fprintf(to, " --batch %s", batch);
    }
    if (fclose(to) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

void
bb_resume_say(const struct bb_cli *cli, const struct bb_resume *resume)
{
    char batch[BB_BATCH_TEXT];
    bb_batch_format(resume->batch, batch);
    bool named = resume->has_batch || resume->dry_run;
    char *command = bb_resume_command(cli->called, cli->called_words, named ? NULL : batch);
    if (resume->dry_run)
        bb_cli_say("It was a dry run: nothing was kept. To run it again%s:",
                   resume->is_pipe ? ", with the same input" : "");
    else
        bb_cli_say("The batch is %s. To go on%s (what was taken already is not taken twice):", batch,
                   resume->is_pipe ? ", with the same input from its beginning" : "");
    bb_cli_say("  %s", command ? command : "backbone import --batch UUID FILE, with the same options");
    free(command);
}
