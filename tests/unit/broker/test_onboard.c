/* Onboarding against a model of its own, in random orders: which keys may enter, and that a key gets in by an
 * invitation that was meant for it and by nothing else. And what is written is what is read. */
#include "broker/onboard.h"

#include "broker/partner_put.h"
#include "proto/errors.h"
#include "proto/methods.h"

#include "registry_fixture.h"
#include "tests/unit/check.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define KEYS        6
#define INVITATIONS 5
#define ROUNDS      FEWER(80)
#define STEPS       60
#define TODAY       "2026-09-07"

/* The organization "alpha", in the registry that is tested. */
static struct bb_registry *registry;

static char keys[KEYS][BB_KEY_ROOM];

static const char *const members[] = {"main", "sis"};

/* The model: what has become of each invitation and key, in words of its own. */
struct model {
    struct {
        bool made, void_;
        unsigned order; /* of the invitations, by when they were made */
        const char *member;
        bool approve;
        int64_t expires;
        int by; /* key that has used it, or -1 */
        bool decided;
    } invitation[INVITATIONS];
    int current[COUNT(members)]; /* key, or -1 */
    int old[COUNT(members)];
    int64_t old_until[COUNT(members)];
    bool revoked[KEYS];
    unsigned n_made;
    int64_t now;
};

static uint64_t seed;

static unsigned
pick(unsigned n)
{
    return draw_below(&seed, n);
}

/* Changes, on disk. */

struct step {
    const struct model *model;
    Bb__PartnerInvite invite;
    Bb__PartnerApprove approve;
    Bb__KeyRotate rotate;
    const char *member;
    const char *key;
    uint8_t id[BB_INVITATION_ID];
    uint8_t secret[BB_INVITATION_SECRET];
    bool pending;
    uint32_t keys, invitations;
};

static int
change(int (*apply)(void *, struct bb_organization *, bool, char *), struct step *step)
{
    const struct bb_registry_change parts = {.code = "alpha", .apply = apply, .self = step};
    const struct bb_organization *organization;
    char message[BB_REGISTRY_MESSAGE];
    bool changed;

    return bb_registry_change(registry, &parts, &organization, &changed, message);
}

static void
secret_of(unsigned i, uint8_t secret[static BB_INVITATION_SECRET])
{
    memset(secret, (int)(i + 1), BB_INVITATION_SECRET);
}

static void
id_of(unsigned i, uint8_t id[static BB_INVITATION_ID])
{
    memset(id, (int)(0xA0 + i), BB_INVITATION_ID);
}

static int
apply_invite(void *self, struct bb_organization *o, bool is_new, char *message)
{
    struct step *step = self;

    return bb_onboard_invite(o, is_new, &step->invite, "office/main", TODAY, step->model->now, message);
}

static int
apply_enrol(void *self, struct bb_organization *o, bool is_new, char *message)
{
    struct step *step = self;

    (void)is_new;
    return bb_onboard_enrol(o, step->id, step->secret, step->key, step->model->now, &step->pending, message);
}

static int
apply_approve(void *self, struct bb_organization *o, bool is_new, char *message)
{
    (void)is_new;
    return bb_onboard_approve(o, &((struct step *)self)->approve, message);
}

static int
apply_revoke(void *self, struct bb_organization *o, bool is_new, char *message)
{
    struct step *step = self;

    (void)is_new;
    return bb_onboard_revoke(o, step->member, &step->keys, &step->invitations, message);
}

static int
apply_rotate(void *self, struct bb_organization *o, bool is_new, char *message)
{
    struct step *step = self;

    (void)is_new;
    return bb_onboard_rotate(o, step->member, step->key, &step->rotate, step->model->now, message);
}

/* The model. */

static int
index_of(const char *member)
{
    return strcmp(member, members[0]) == 0 ? 0 : 1;
}

static bool
is_in_use(const struct model *model, int key)
{
    for (size_t m = 0; m < COUNT(members); m++)
        if (model->current[m] == key || model->old[m] == key)
            return true;
    return false;
}

static bool
may_enter(const struct model *model, int key)
{
    for (size_t m = 0; m < COUNT(members); m++)
        if (model->current[m] == key || (model->old[m] == key && model->now < model->old_until[m]))
            return true;
    return false;
}

static void
model_invite(struct model *model)
{
    unsigned i = pick(INVITATIONS);
    struct step step = {.model = model};
    uint8_t secret[BB_INVITATION_SECRET], hash[BB_INVITATION_HASH];
    bool approve = pick(2);
    int m = (int)pick(COUNT(members)), r;

    if (model->invitation[i].made)
        return;
    secret_of(i, secret);
    id_of(i, step.id);
    crypto_generichash(hash, sizeof hash, secret, sizeof secret, NULL, 0);
    bb__partner_invite__init(&step.invite);
    step.invite.id = (ProtobufCBinaryData){BB_INVITATION_ID, step.id};
    step.invite.secret_hash = (ProtobufCBinaryData){BB_INVITATION_HASH, hash};
    step.invite.organization = (char *)"alpha";
    step.invite.member = (char *)(uintptr_t)members[m];
    step.invite.lifetime_ms = 1 + pick(20);
    step.invite.approve = approve;
    r = change(apply_invite, &step);
    if (model->current[m] >= 0) {
        assert_int_equal(r, BB_ERROR_INVALID);
        return;
    }
    for (size_t other = 0; other < INVITATIONS; other++) /* somebody waits for that place */
        if (model->invitation[other].made && !model->invitation[other].void_ &&
            model->invitation[other].by >= 0 && !model->invitation[other].decided &&
            index_of(model->invitation[other].member) == m) {
            assert_int_equal(r, BB_ERROR_INVALID);
            return;
        }
    assert_int_equal(r, 0);
    model->invitation[i].made = true;
    model->invitation[i].order = model->n_made++;
    model->invitation[i].member = members[m];
    model->invitation[i].approve = approve;
    model->invitation[i].expires = model->now + (int64_t)step.invite.lifetime_ms * 1000;
    model->invitation[i].by = -1;
}

/* Is the key let in by this? Then it is so in the model as well. */
static void
model_enrol(struct model *model)
{
    unsigned i = pick(INVITATIONS);
    int key = (int)pick(KEYS), m, r;
    struct step step = {.model = model, .key = keys[key]};
    bool good_secret = pick(8) != 0, expected;

    id_of(i, step.id);
    secret_of(i, step.secret);
    step.secret[3] ^= !good_secret;
    r = change(apply_enrol, &step);
    if (!model->invitation[i].made || model->invitation[i].void_ || !good_secret) {
        assert_int_equal(r, BB_ERROR_NOT_ALLOWED);
        return;
    }
    if (model->invitation[i].by == key) { /* once more; it may have been forgotten when it had expired */
        assert_true(r == 0 || (r == BB_ERROR_NOT_ALLOWED && model->invitation[i].expires <= model->now));
        return;
    }
    m = index_of(model->invitation[i].member);
    expected = model->invitation[i].by < 0 && model->invitation[i].expires > model->now &&
               !model->revoked[key] &&
               (model->invitation[i].approve || (model->current[m] < 0 && !is_in_use(model, key)));
    if (model->invitation[i].approve && model->revoked[key])
        expected = model->invitation[i].by < 0 &&
                   model->invitation[i].expires > model->now; /* refused when approved */
    check_int(r == 0, expected, "enrol");
    if (r != 0)
        return;
    model->invitation[i].by = key;
    model->invitation[i].decided = !model->invitation[i].approve;
    if (model->invitation[i].decided)
        model->current[m] = key;
}

static unsigned
made_at(const struct model *model, unsigned order)
{
    unsigned i = 0;

    while (!model->invitation[i].made || model->invitation[i].order != order)
        i++;
    return i;
}

static void
model_approve(struct model *model)
{
    int key = (int)pick(KEYS), r;
    struct step step = {.model = model};
    bool reject = pick(4) == 0;

    bb__partner_approve__init(&step.approve);
    step.approve.organization = (char *)"alpha";
    step.approve.key = keys[key];
    step.approve.reject = reject;
    r = change(apply_approve, &step);
    if (r != 0)
        return;
    for (unsigned order = 0; order < model->n_made; order++) {
        unsigned i = made_at(model, order);
        int m;

        if (model->invitation[i].void_ || model->invitation[i].by != key)
            continue;
        if (model->invitation[i].decided && !reject)
            return; /* once more */
        if (model->invitation[i].decided)
            continue;
        m = index_of(model->invitation[i].member);
        model->invitation[i].decided = true;
        model->invitation[i].void_ = reject;
        model->revoked[key] |= reject;
        if (!reject) {
            assert_true(model->current[m] < 0 && !model->revoked[key] && !is_in_use(model, key));
            model->current[m] = key;
        }
        return;
    }
    fail_msg("somebody was approved who did not wait");
}

static void
model_revoke(struct model *model)
{
    int m = (int)pick(COUNT(members));
    struct step step = {.model = model, .member = members[m]};

    if (pick(4) != 0 || change(apply_revoke, &step) != 0)
        return;
    if (model->current[m] >= 0)
        model->revoked[model->current[m]] = true;
    if (model->old[m] >= 0)
        model->revoked[model->old[m]] = true;
    model->current[m] = model->old[m] = -1;
    for (size_t i = 0; i < INVITATIONS; i++)
        if (model->invitation[i].made && index_of(model->invitation[i].member) == m) {
            if (!model->invitation[i].void_ && model->invitation[i].by >= 0 && !model->invitation[i].decided)
                model->revoked[model->invitation[i].by] = true;
            model->invitation[i].void_ = true;
        }
}

static void
model_rotate(struct model *model)
{
    int m = (int)pick(COUNT(members)), to = (int)pick(KEYS), r;
    struct step step = {.model = model, .member = members[m]};
    unsigned overlap = pick(3) * 5;

    if (model->current[m] < 0)
        return;
    step.key = keys[model->current[m]];
    bb__key_rotate__init(&step.rotate);
    step.rotate.key = keys[to];
    step.rotate.overlap_ms = overlap;
    r = change(apply_rotate, &step);
    if (to == model->current[m] && model->old[m] >= 0) { /* an end may come sooner, never later */
        int64_t until = model->now + (int64_t)overlap * 1000;

        if (until < model->old_until[m])
            model->old_until[m] = until;
        if (overlap == 0) {
            model->revoked[model->old[m]] = true;
            model->old[m] = -1;
        }
    }
    if (to == model->current[m] || r != 0) {
        assert_true(r == 0 || model->revoked[to] || is_in_use(model, to));
        return;
    }
    assert_false(model->revoked[to]);
    if (model->old[m] >= 0 && model->old[m] != to)
        model->revoked[model->old[m]] = true;
    if (overlap == 0)
        model->revoked[model->current[m]] = true;
    model->old[m] = overlap ? model->current[m] : -1;
    model->old_until[m] = model->now + (int64_t)overlap * 1000;
    model->current[m] = to;
}

/* What the registry says, from memory and from its file. */
static void
compare(const struct model *model)
{
    struct registry_reports reports;
    struct bb_registry *read = registry_load(&reports, NULL);

    assert_int_equal(reports.count, 0);
    for (int k = 0; k < KEYS; k++) {
        struct bb_key_holder holder, again;
        bool found = bb_registry_find_key(registry, bb_bytes_str(keys[k]), &holder);

        check_int(found && bb_key_holder_may_enter(&holder, TODAY, model->now), may_enter(model, k), keys[k]);
        check_int(bb_registry_find_key(read, bb_bytes_str(keys[k]), &again), found, keys[k]);
        if (found)
            assert_string_equal(again.member->name, holder.member->name);
        if (may_enter(model, k))
            assert_false(model->revoked[k]);
    }
    assert_int_equal(registry_find(read, "alpha")->whole, registry_find(registry, "alpha")->whole);
    assert_int_equal(bb_registry_version(read), bb_registry_version(registry));
    bb_registry_destroy(&read);
}

static void
random_orders(void **state)
{
    static void (*const steps[])(struct model *) = {model_invite,  model_enrol,  model_enrol, model_enrol,
                                                    model_approve, model_revoke, model_rotate};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct model model = {.current = {-1, -1}, .old = {-1, -1}, .now = INT64_C(1788786180000000)};
        struct registry_reports reports;

        seed = round;
        registry_write("alpha", "name = 'Alpha'\nrole = 'partner'\n");
        registry = registry_load(&reports, NULL);
        for (unsigned i = 0; i < STEPS; i++) {
            steps[pick(COUNT(steps))](&model);
            if (i % 8 == 0)
                compare(&model);
            if (pick(3) == 0)
                model.now += (int64_t)pick(5000);
        }
        compare(&model);
        bb_registry_destroy(&registry);
    }
}

static int
setup(void **state)
{
    uint8_t key[32];

    for (int k = 0; k < KEYS; k++) {
        memset(key, k + 1, sizeof key);
        zmq_z85_encode(keys[k], key, sizeof key);
    }
    return registry_setup(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_orders),
    };

    return cmocka_run_group_tests(tests, setup, registry_teardown);
}
