/* One question an indicator, whoever waits for it. That it is there holds for all of them; that it is not,
 * for those only who came before the question left: it may have been defined since, so the others are asked
 * about again.
 *
 * Requests that wait keep the credit of the service, which is for everybody. So only so many wait, of one
 * organization and of all; and when measurement does not answer, nobody waits for a while. */
#include "indicators.h"

#include "feed_core.h"

#include "proto/errors.h"
#include "proto/message.h"
#include "proto/methods.h"

#include "measurement.pb-c.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS   32u
#define SUBSCRIBERS 4096u /* that wait */
#define REQUESTS    256u  /* likewise */
#define OF_ONE      32u   /* ... of one organization */
#define TIMEOUT_MS  2000  /* measurement answers when its views have what came before */
#define AWAY_MS     1000  /* when it did not, it is not asked again for so long */
#define RETRY_MS    200

struct code {
    char text[BB_LIMIT_CODE_BYTES + 1];
};

/* Somebody who waits. A subscriber is kept as a request: its session is the tag, its SUBSCRIBE the body. */
struct waiting {
    struct waiting *next;
    struct code code;
    uint64_t since; /* the first question whose answer counts, also when it is no */
    bool subscribes;
    struct bb_work work;
    uint8_t bytes[]; /* what it borrows */
};

struct bb_indicators {
    struct bb_communication *c;
    struct bb_caller caller;
    void *known;        /* struct code, a tree (tsearch) */
    struct code wanted; /* "": nothing was asked for in vain */
    struct code absent; /* "": no answer is being dealt with that says so */
    struct {
        uint64_t id; /* 0: none */
        struct code code;
    } question[QUESTIONS];
    uint64_t last_id;
    bb_mono away_until;
    struct waiting *first, **end;
};

static int
compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct code
code_of(struct bb_bytes text)
{
    struct code code = {""};

    if (text.len < sizeof code.text)
        memcpy(code.text, text.data, text.len);
    return code;
}

/* What is known */

static int
learn(struct bb_indicators *indicators, const struct code *code)
{
    struct code *copy = malloc(sizeof *copy), **there;

    if (!copy)
        return -ENOMEM;
    *copy = *code;
    there = tsearch(copy, &indicators->known, compare); /* a node begins with its key */
    if (!there || *there != copy)
        free(copy);
    return there ? 0 : -ENOMEM;
}

static int
learn_filter(struct bb_indicators *indicators, const struct bb_filter *filter)
{
    struct bb_channel channel;
    struct code code;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < filter->n; i++) {
        if (bb_channel_parse_filter(bb_bytes_str(bb_filter_name(filter, i)), &channel) != 0 ||
            channel.kind != BB_CHANNEL_INDICATOR || channel.any)
            continue;
        code = code_of(channel.code);
        r = learn(indicators, &code);
    }
    return r;
}

static int
learn_subscriptions(struct bb_indicators *indicators)
{
    const struct bb_cursors *cursors = &indicators->c->feed->cursors;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < cursors->size; i++)
        if (bb_cursors_is(cursors, i))
            r = learn_filter(indicators, bb_cursors_at(cursors, i)->filter);
    return r;
}

static bool
has_messages(const struct bb_indicators *indicators, struct bb_bytes code)
{
    const struct bb_channel channel = {.kind = BB_CHANNEL_INDICATOR, .code = code};
    char name[BB_CHANNEL_TEXT];

    return bb_channels_by_name(indicators->c->channels, bb_bytes(name, bb_channel_format(&channel, name)));
}

bool
bb_indicators_has(struct bb_indicators *indicators, struct bb_bytes text)
{
    struct code code = code_of(text);

    if (!indicators || tfind(&code, &indicators->known, compare) || has_messages(indicators, text))
        return true;
    if (strcmp(code.text, indicators->absent.text) != 0)
        indicators->wanted = code;
    return false;
}

/* Asking */

/* The question of this code that is open; 0: none is. */
static uint64_t
question_of(const struct bb_indicators *indicators, const struct code *code)
{
    for (unsigned i = 0; i < QUESTIONS; i++)
        if (indicators->question[i].id && strcmp(indicators->question[i].code.text, code->text) == 0)
            return indicators->question[i].id;
    return 0;
}

/* 0 | <0 not now */
static int
ask(struct bb_indicators *indicators, const struct code *code)
{
    Bb__IndicatorList query = BB__INDICATOR_LIST__INIT;
    uint8_t body[sizeof *code + 16];
    unsigned i = 0;
    int r;

    while (i < QUESTIONS && indicators->question[i].id)
        i++;
    if (i == QUESTIONS)
        return -EBUSY;
    query.code = (char *)(uintptr_t)code->text; /* protobuf-c does not write to it */
    r = indicators->caller.call(indicators->caller.self, BB_INDICATORS_CALL | (indicators->last_id + 1),
                                BB_METHOD_INDICATOR_LIST, TIMEOUT_MS,
                                bb_bytes(body, bb__indicator_list__pack(&query, body)));
    if (r != 0)
        return r;
    indicators->question[i].id = BB_INDICATORS_CALL | ++indicators->last_id;
    indicators->question[i].code = *code;
    return 0;
}

/* Waiting */

static struct bb_bytes
keep(uint8_t **to, struct bb_bytes bytes)
{
    struct bb_bytes kept = bb_bytes(*to, bytes.len);

    if (bytes.len)
        memcpy(*to, bytes.data, bytes.len);
    *to += bytes.len;
    return kept;
}

/* May one more wait? */
static bool
has_room(const struct bb_indicators *indicators, bool subscribes, struct bb_bytes organization)
{
    unsigned all = 0, of_one = 0;

    for (const struct waiting *waiting = indicators->first; waiting; waiting = waiting->next) {
        all += waiting->subscribes == subscribes;
        of_one += !waiting->subscribes && bb_bytes_equal(waiting->work.organization, organization);
    }
    return subscribes ? all < SUBSCRIBERS : all < REQUESTS && of_one < OF_ONE;
}

/* 0 | -ENOMEM */
static int
enqueue(struct bb_indicators *indicators, const struct code *code, uint64_t since, bool subscribes,
        const struct bb_work *work)
{
    struct waiting *waiting =
        malloc(sizeof *waiting + work->organization.len + work->member.len + work->body.len);
    uint8_t *to;

    if (!waiting)
        return -ENOMEM;
    to = waiting->bytes;
    waiting->next = NULL;
    waiting->code = *code;
    waiting->since = since;
    waiting->subscribes = subscribes;
    waiting->work = *work;
    waiting->work.organization = keep(&to, work->organization);
    waiting->work.member = keep(&to, work->member);
    waiting->work.body = keep(&to, work->body);
    *indicators->end = waiting;
    indicators->end = &waiting->next;
    return 0;
}

/* Out of the queue; `at` points to it there. */
static struct waiting *
take(struct bb_indicators *indicators, struct waiting **at)
{
    struct waiting *waiting = *at;

    *at = waiting->next;
    if (!*at)
        indicators->end = at;
    return waiting;
}

/* It cannot be found out. */
static int
refuse(struct bb_communication *c, const struct code *code, const char *why, bool subscribes, uint64_t tag)
{
    struct bb_problem problem;

    bb_problem(&problem, BB_ERROR_UNAVAILABLE, "whether there is an indicator %s cannot be found out now: %s",
               code->text, why);
    if (!subscribes)
        return bb_answer_fail(&c->answers, tag, problem.code, "%s", problem.text);
    bb_feed_refuse(c, tag, RETRY_MS, &problem);
    return 0;
}

static const char no_answer[] = "the measurement service does not answer";
static const char crowded[] = "too many others want to know";

/* One more who waits for this code. 0 | -ENOMEM */
static int
wait_for(struct bb_indicators *indicators, const struct code *code, bool subscribes,
         const struct bb_work *work)
{
    uint64_t open = question_of(indicators, code);
    const char *why = NULL;

    if (indicators->c->mono < indicators->away_until)
        why = no_answer;
    else if (!has_room(indicators, subscribes, work->organization) || (!open && ask(indicators, code) != 0))
        why = crowded;
    if (why)
        return refuse(indicators->c, code, why, subscribes, work->tag);
    return enqueue(indicators, code, open ? open + 1 : indicators->last_id | BB_INDICATORS_CALL, subscribes,
                   work);
}

static int
hold(struct bb_indicators *indicators, bool subscribes, const struct bb_work *work)
{
    struct code code;
    int r;

    if (!indicators || !*indicators->wanted.text)
        return 0;
    code = indicators->wanted;
    *indicators->wanted.text = '\0';
    if (!subscribes)
        bb_answers_drop(&indicators->c->answers, work->tag);
    r = wait_for(indicators, &code, subscribes, work);
    return r == 0 ? 1 : r;
}

int
bb_indicators_hold_work(struct bb_indicators *indicators, const struct bb_work *work)
{
    return hold(indicators, false, work);
}

int
bb_indicators_hold_subscriber(struct bb_indicators *indicators, const struct bb_subscriber *subscriber)
{
    const struct bb_work work = {
        .tag = subscriber->session,
        .role = subscriber->role,
        .organization = subscriber->organization,
        .member = subscriber->member,
        .body = subscriber->subscribe,
    };

    return hold(indicators, true, &work);
}

static void
forget(struct bb_indicators *indicators, bool subscribes, uint64_t tag)
{
    if (!indicators)
        return;
    for (struct waiting **at = &indicators->first; *at; at = &(*at)->next)
        if ((*at)->subscribes == subscribes && (*at)->work.tag == tag) {
            free(take(indicators, at));
            return;
        }
}

void
bb_indicators_cancel(struct bb_indicators *indicators, uint64_t tag)
{
    forget(indicators, false, tag);
}

void
bb_indicators_session_down(struct bb_indicators *indicators, uint64_t session)
{
    forget(indicators, true, session);
}

void
bb_indicators_reset(struct bb_indicators *indicators)
{
    if (!indicators)
        return;
    while (indicators->first)
        free(take(indicators, &indicators->first));
    memset(indicators->question, 0, sizeof indicators->question);
}

/* Answers */

static void
judge(struct bb_communication *c, const struct waiting *waiting)
{
    const struct bb_work *work = &waiting->work;
    const struct bb_subscriber subscriber = {
        .session = work->tag,
        .role = work->role,
        .organization = work->organization,
        .member = work->member,
        .subscribe = work->body,
    };

    if (waiting->subscribes)
        bb_communication_session_up(c, &subscriber);
    else
        bb_communication_work(c, work);
}

/* Those who waited for this indicator, since this question or longer, in the order in which they came. Who
 * then waits for another one is behind them. why: what they are told; NULL: they are judged. ret_left:
 * somebody waits on. */
static int
let_go(struct bb_indicators *indicators, const struct code *code, uint64_t since, const char *why,
       bool *ret_left)
{
    struct waiting **at = &indicators->first, *waiting;
    int r = 0;

    *ret_left = false;
    while (r == 0 && *at) {
        bool same = strcmp((*at)->code.text, code->text) == 0;
        if (!same || (*at)->since > since) {
            *ret_left |= same;
            at = &(*at)->next;
            continue;
        }
        waiting = take(indicators, at);
        if (!why)
            judge(indicators->c, waiting);
        else
            r = refuse(indicators->c, &waiting->code, why, waiting->subscribes, waiting->work.tag);
        free(waiting);
    }
    return r;
}

/* Whether the answer says that it is there, under just this code. */
static bool
is_there(struct bb_indicators *indicators, struct bb_bytes body, const struct code *code)
{
    Bb__IndicatorListReply *reply;

    bb_arena_reset(&indicators->c->arena);
    return bb_unpack(bb__indicator_list_reply, body, &indicators->c->arena, &reply) == 0 &&
           reply->n_indicator == 1 && strcmp(reply->indicator[0]->code, code->text) == 0;
}

/* It is there, for all. */
static int
found(struct bb_indicators *indicators, const struct code *code)
{
    bool left;
    int r = learn(indicators, code);

    return r == 0 ? let_go(indicators, code, UINT64_MAX, NULL, &left) : r;
}

/* It was not there when this question was answered. */
static int
not_found(struct bb_indicators *indicators, const struct code *code, uint64_t id)
{
    bool left;
    int r;

    indicators->absent = *code;
    r = let_go(indicators, code, id, NULL, &left);
    *indicators->absent.text = '\0';
    if (r == 0 && left && ask(indicators, code) != 0)
        r = let_go(indicators, code, UINT64_MAX, crowded, &left);
    return r;
}

static int
unanswered(struct bb_indicators *indicators, const struct code *code)
{
    bool left;

    indicators->away_until = indicators->c->mono + AWAY_MS;
    return let_go(indicators, code, UINT64_MAX, no_answer, &left);
}

int
bb_indicators_called(struct bb_indicators *indicators, uint64_t id, const struct bb_call_result *result)
{
    unsigned i = 0;
    struct code code;

    while (i < QUESTIONS && indicators->question[i].id != id)
        i++;
    if (i == QUESTIONS)
        return 0;
    code = indicators->question[i].code;
    indicators->question[i].id = 0;
    if (result->code == 0 && is_there(indicators, result->body, &code))
        return found(indicators, &code);
    if (result->code == 0 || result->code == BB_ERROR_NOT_FOUND)
        return not_found(indicators, &code, id);
    return unanswered(indicators, &code);
}

/* Start and end */

int
bb_indicators_new(struct bb_communication *c, const struct bb_caller *caller)
{
    struct bb_indicators *indicators = calloc(1, sizeof *indicators);

    if (!indicators)
        return -ENOMEM;
    indicators->c = c;
    indicators->caller = *caller;
    indicators->end = &indicators->first;
    c->indicators = c->access.indicators = indicators;
    return learn_subscriptions(indicators);
}

void
bb_indicators_destroy(struct bb_indicators **indicators_pointer)
{
    struct bb_indicators *indicators = *indicators_pointer;

    if (!indicators)
        return;
    bb_indicators_reset(indicators);
    tdestroy(indicators->known, free);
    free(indicators);
    *indicators_pointer = NULL;
}
