#include "channels.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"group", "org", "indicator"};

/* The code behind "group:" or "group/"; NULL: the text does not begin so. ret_kind: its name */
static const char *
split(const char *text, const char **ret_kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(text, kinds[i], len) != 0 || (text[len] != ':' && text[len] != '/'))
            continue;
        *ret_kind = kinds[i];
        return text + len + 1;
    }
    return NULL;
}

static char *
spell(const char *text, bool patterns)
{
    const char *kind, *code = split(text, &kind);
    char *spelled;

    if (strcmp(text, "all") == 0)
        return strdup(text);
    if (!code || (!bb_text_is_code(bb_bytes_str(code)) && !(patterns && strcmp(code, "*") == 0)))
        return NULL;
    return asprintf(&spelled, "%s/%s", kind, code) < 0 ? NULL : spelled;
}

static bool
has(const struct bb_channels *channels, const char *spelled)
{
    for (size_t i = 0; i < channels->n; i++)
        if (strcmp(channels->channel[i], spelled) == 0)
            return true;
    return false;
}

static void
add_one(struct bb_channels *channels, const struct argp_state *state, const char *option, const char *text,
        bool patterns)
{
    char **grown = realloc(channels->channel, (channels->n + 1) * sizeof *grown);
    char shown[96], *spelled = spell(text, patterns);

    if (!grown)
        argp_failure(state, EX_OSERR, ENOMEM, "%s", option);
    channels->channel = grown;
    if (!spelled)
        argp_error(state, "%s: found '%s', expected all, group:CODE, org:CODE or indicator:CODE%s", option,
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 80),
                   patterns ? ", or * for the CODE" : "");
    else if (has(channels, spelled))
        free(spelled);
    else
        channels->channel[channels->n++] = spelled;
}

void
bb_channels_add(struct bb_channels *channels, const struct argp_state *state, const char *option,
                const char *text, bool patterns)
{
    char *copy = strdup(text), *rest = copy, *one;

    if (!copy)
        argp_failure(state, EX_OSERR, ENOMEM, "%s", option);
    while ((one = strsep(&rest, ",")))
        add_one(channels, state, option, one + strspn(one, " "), patterns);
    free(copy);
}

void
bb_channels_add_arguments(struct bb_channels *channels, struct argp_state *state, const char *option,
                          bool patterns)
{
    const char *kind;

    while (state->next < state->argc &&
           (split(state->argv[state->next], &kind) || strcmp(state->argv[state->next], "all") == 0))
        bb_channels_add(channels, state, option, state->argv[state->next++], patterns);
}

void
bb_channels_release(struct bb_channels *channels)
{
    for (size_t i = 0; i < channels->n; i++)
        free(channels->channel[i]);
    free(channels->channel);
    *channels = (struct bb_channels){0};
}

const char *
bb_channels_cursor(const struct argp_state *state, const char *text)
{
    char shown[96];

    if (!bb_text_is_code(bb_bytes_str(text)))
        argp_error(state,
                   "--name: found '%s', expected letters, digits, '_', '.', '-', first a letter or digit",
                   bb_text_quote(bb_bytes_str(text), shown, sizeof shown, 80));
    return text;
}
