#include "review_words.h"

#include <stdio.h>
#include <string.h>

static uint8_t batches; /* how many were sent */

const char *
review_submit(struct fixture *f, const char *who, const char *row, bool reasoned)
{
    static char said[128];
    const struct fixture_submission how = {
        .organization = who, .batch = ++batches, .reason = reasoned ? BB_REASON_RECOUNT : BB_REASON_NONE};

    fixture_submit_rows(f, how, &row, 1);
    assert_non_null(f->reply);
    snprintf(said, sizeof said, "%s%s%s", bb_outcome_name(fixture_outcome(f, 0)),
             fixture_rejected(f, 0) ? " " : "", bb_row_code_name(fixture_rejected(f, 0)));
    return said;
}

const char *
review_say(struct fixture *f, const char *who, const char *words)
{
    static char said[1024];
    char copy[256], *field[16], *rest = copy;
    Bb__Review request = BB__REVIEW__INIT;
    size_t n = 0;

    snprintf(copy, sizeof copy, "%s", words);
    while (n < COUNT(field) && (field[n] = strsep(&rest, " "))) {
        if (strcmp(field[n], "-") == 0)
            field[n] = NULL;
        n++;
    }
    assert_true(n >= 5);
    request.action = field[0];
    request.organization = field[1];
    request.period = field[2];
    request.comment = field[3];
    request.reason = field[4];
    request.indicator = &field[5];
    request.n_indicator = n - 5;
    fixture_review(f, who, &request);
    snprintf(said, sizeof said, "error %u", f->failure);
    if (f->failure)
        return said;
    *said = '\0';
    for (size_t i = 0; i < f->reviewed->n_item; i++) {
        const Bb__ReviewOutcome *item = f->reviewed->item[i];
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s %s %s,", item->indicator,
                 item->state ? item->state : "-",
                 item->has_code ? bb_row_code_name(item->code) : bb_outcome_name(item->outcome));
    }
    return said;
}

struct fixture_question
review_question(const char *who, uint32_t method, const ProtobufCMessage *request, size_t max_bytes)
{
    return (struct fixture_question){.method = method,
                                     .request = request,
                                     .role = who ? BB__ROLE__ROLE_PARTNER : BB__ROLE__ROLE_STAFF,
                                     .organization = who ? who : "backbone",
                                     .max_bytes = max_bytes};
}
