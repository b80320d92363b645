#include "whom.h"

#include "runtime/text.h"

#include <stdio.h>
#include <string.h>

void
bb_whom_take(struct bb_whom *whom, char *text, const struct argp_state *state)
{
    char *slash = strchr(text, '/');

    if (slash) {
        *slash = '\0';
        whom->member = slash + 1;
    }
    whom->organization = text;
    if (!bb_text_is_code(bb_bytes_str(text)))
        argp_error(state, "CODE: found '%s', expected %s", text, BB_TEXT_CODE_EXPECTED);
    else if (whom->member && !bb_text_is_code(bb_bytes_str(whom->member)))
        argp_error(state, "MEMBER: found '%s', expected %s", whom->member, BB_TEXT_CODE_EXPECTED);
}

const char *
bb_whom_text(const struct bb_whom *whom, char text[static BB_WHOM_TEXT])
{
    snprintf(text, BB_WHOM_TEXT, "%s%s%s", whom->organization, whom->member ? "/" : "",
             whom->member ? whom->member : "");
    return text;
}

const char *
bb_whom_role(const struct argp_state *state, const char *option, const char *role)
{
    static const struct {
        const char *word, *role;
    } roles[] = {
        {"manager", "manager"},         {"staff", "manager"},     {"data-manager", "data-manager"},
        {"facilitator", "facilitator"}, {"reporter", "reporter"}, {"partner", "reporter"},
        {"reader", "reader"},           {"observer", "observer"},
    };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(roles[i].word, role) == 0)
            return roles[i].role;
    argp_error(state, "%s: found '%s', expected " BB_WHOM_ROLES, option, role);
    return NULL;
}
