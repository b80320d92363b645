/* All claims in one sorted array: equal ones stand side by side, those of one organization too. */
#include "claims.h"

#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field { CODE, NAME, ALIAS, KEY };

struct claim {
    struct bb_bytes text;
    enum field field;
    size_t who;
};

struct settling {
    struct bb_organization *const *organizations;
    const struct bb_registry *now;
    bb_claims_report report;
    void *self;
    bool *out;
};

static int
compare(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = (x->field == KEY) - (y->field == KEY);

    if (order == 0)
        order = bb_bytes_compare(x->text, y->text);
    if (order == 0)
        order = (x->who > y->who) - (x->who < y->who);
    return order ? order : (int)x->field - (int)y->field;
}

static bool
is_same(const struct claim *a, const struct claim *b)
{
    return (a->field == KEY) == (b->field == KEY) && bb_bytes_equal(a->text, b->text);
}

static size_t
gather(struct bb_organization *const *organizations, size_t n, struct claim *claims)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const struct bb_organization *o = organizations[i];

        claims[at++] = (struct claim){bb_bytes_str(o->code), CODE, i};
        claims[at++] = (struct claim){bb_bytes_str(o->name), NAME, i};
        for (size_t a = 0; a < o->n_alias; a++)
            claims[at++] = (struct claim){bb_bytes_str(o->alias[a]), ALIAS, i};
        for (size_t m = 0; m < o->n_member; m++) {
            if (o->member[m].key[0])
                claims[at++] = (struct claim){bb_bytes_str(o->member[m].key), KEY, i};
            if (o->member[m].old_key[0])
                claims[at++] = (struct claim){bb_bytes_str(o->member[m].old_key), KEY, i};
        }
    }
    return at;
}

static const struct bb_organization *
holder_of_key(const struct bb_registry *registry, struct bb_bytes key)
{
    struct bb_key_holder holder;

    return bb_registry_find_key(registry, key, &holder) ? holder.organization : NULL;
}

/* Of these claims of one thing: that of who has it now, or NULL. */
static const struct claim *
holder(const struct settling *s, const struct claim *claims, size_t n)
{
    const struct bb_organization *o;

    if (!s->now)
        return NULL;
    o = claims->field == KEY ? holder_of_key(s->now, claims->text) : bb_registry_find(s->now, claims->text);
    for (size_t i = 0; o && i < n; i++)
        if (strcmp(s->organizations[claims[i].who]->code, o->code) == 0)
            return &claims[i];
    return NULL;
}

static void
tell(const struct settling *s, const struct claim *loser, const struct claim *other, bool holds)
{
    static const char *const words[] = {"code", "name", "alias", "key"};
    const char *code = s->organizations[other->who]->code;
    const char *verdict = holds ? "which has it now" : "and nobody has it now: both are left out";
    char message[BB_REGISTRY_MESSAGE], quoted[80];

    if (loser->field == KEY)
        snprintf(message, sizeof message, "the key is also that of %s" BB_PARTNER_FILE_SUFFIX ", %s", code,
                 verdict);
    else
        snprintf(message, sizeof message, "%s \"%s\" is also the %s in %s" BB_PARTNER_FILE_SUFFIX ", %s",
                 words[loser->field], bb_text_quote(loser->text, quoted, sizeof quoted, 60),
                 words[other->field], code, verdict);
    s->report(s->self, loser->who, message);
}

/* The n claims of one thing. */
static void
settle(const struct settling *s, const struct claim *claims, size_t n)
{
    const struct claim *keeps = holder(s, claims, n);

    if (claims[0].who == claims[n - 1].who)
        return; /* a name that equals the code */
    for (size_t i = 0; i < n; i++) {
        const struct claim *other = keeps                            ? keeps
                                    : claims[i].who == claims[0].who ? &claims[n - 1]
                                                                     : &claims[0];

        if ((keeps && claims[i].who == keeps->who) || (i > 0 && claims[i].who == claims[i - 1].who))
            continue;
        s->out[claims[i].who] = true;
        tell(s, &claims[i], other, keeps != NULL);
    }
}

int
bb_claims_settle(struct bb_organization *const *organizations, size_t n, const struct bb_registry *now,
                 bb_claims_report report, void *self, bool *ret_out)
{
    const struct settling s = {organizations, now, report, self, ret_out};
    struct claim *claims;
    size_t count = 2 * n, end;

    for (size_t i = 0; i < n; i++)
        count += organizations[i]->n_alias + 2 * organizations[i]->n_member;
    claims = malloc((count + 1) * sizeof *claims);
    if (!claims)
        return -ENOMEM;
    memset(ret_out, 0, n * sizeof *ret_out);
    count = gather(organizations, n, claims);
    qsort(claims, count, sizeof *claims, compare);
    for (size_t at = 0; at < count; at = end) {
        for (end = at + 1; end < count && is_same(&claims[at], &claims[end]); end++)
            ;
        settle(&s, claims + at, end - at);
    }
    free(claims);
    return 0;
}
