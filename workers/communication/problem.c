#include "problem.h"

#include "proto/errors.h"
#include "runtime/text.h"

#include <stdarg.h>
#include <stdio.h>

#define QUOTED 120

int
bb_problem(struct bb_problem *problem, uint32_t code, const char *format, ...)
{
    va_list list;

    problem->code = code;
    va_start(list, format);
    vsnprintf(problem->text, sizeof problem->text, format, list);
    va_end(list);
    return 1;
}

int
bb_problem_found(struct bb_problem *problem, uint32_t code, const char *field, struct bb_bytes text,
                 const char *expected)
{
    char quoted[QUOTED + 4];

    bb_text_quote(text, quoted, sizeof quoted, QUOTED);
    return bb_problem(problem, code, "%s: found \"%s\", expected %s", field, quoted, expected);
}
