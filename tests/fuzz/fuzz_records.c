/* What the measurement worker keeps in its views: the first byte chooses the kind of record. Whatever the
 * bytes, what is read lies within them; what is written again is the same record, or reads as the same. */
#include "fuzz.h"

#include "workers/measurement/model/reading.h"
#include "workers/measurement/model/review.h"
#include "workers/measurement/model/rollup.h"
#include "workers/measurement/store/adoption.h"
#include "workers/measurement/store/given_core.h"
#include "workers/measurement/store/names.h"
#include "workers/measurement/store/rule_set.h"

#include <errno.h>

static bool
within(struct bb_bytes part, struct bb_bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void
sound(int r)
{
    require(r == 0 || r == -EBADMSG);
}

static void
reading(struct bb_bytes in)
{
    uint8_t packed[BB_READING_PACKED];
    struct bb_reading a, b;
    int r = bb_reading_unpack(in, &a);

    sound(r);
    if (r)
        return;
    require(within(a.comment, in));
    if (a.comment.len > 2000)
        return;
    size_t n = bb_reading_pack(&a, packed);
    require(n <= sizeof packed && bb_reading_unpack(bb_bytes(packed, n), &b) == 0);
    require(bb_reading_same(&a, &b) && a.sequence == b.sequence && a.first == b.first && a.batch == b.batch);
    require(a.revision == b.revision);
}

static bool
same_key(const struct bb_reading_key *a, const struct bb_reading_key *b)
{
    return bb_period_same(a->period, b->period) && a->indicator == b->indicator && a->place == b->place &&
           a->disaggregation == b->disaggregation && a->organization == b->organization;
}

static void
reading_keys(struct bb_bytes in)
{
    uint8_t packed[BB_READING_KEY];
    struct bb_reading_key a, b;
    size_t n;
    int r = bb_reading_key_unpack(in, &a);

    sound(r);
    if (r == 0) {
        n = bb_reading_key_pack(&a, packed, NULL);
        require(bb_reading_key_unpack(bb_bytes(packed, n), &b) == 0 && same_key(&a, &b));
    }
    r = bb_organization_key_unpack(in, &a);
    sound(r);
    if (r == 0) {
        n = bb_organization_key_pack(&a, packed);
        require(bb_organization_key_unpack(bb_bytes(packed, n), &b) == 0 && same_key(&a, &b));
    }
    r = bb_cell_key_unpack(in, &a);
    sound(r);
    if (r == 0) {
        n = bb_cell_key_pack(&a, packed);
        require(bb_cell_key_unpack(bb_bytes(packed, n), &b) == 0 && same_key(&a, &b));
    }
}

static void
rollup(struct bb_bytes in)
{
    uint8_t packed[BB_ROLLUP_PACKED], again[BB_ROLLUP_PACKED];
    struct bb_rollup a, b;
    int r = bb_rollup_unpack(in, &a);

    sound(r);
    if (r)
        return;
    size_t n = bb_rollup_pack(&a, packed);
    require(n <= sizeof packed && bb_rollup_unpack(bb_bytes(packed, n), &b) == 0);
    require(bb_rollup_pack(&b, again) == n && memcmp(packed, again, n) == 0);
}

static void
review(struct bb_bytes in)
{
    uint8_t packed[BB_REVIEW_PACKED], key[BB_REVIEW_KEY];
    struct bb_review_unit unit, again;
    uint64_t sequence, other;
    struct bb_review a, b;
    int r = bb_review_unpack(in, &a);

    sound(r);
    if (r == 0) {
        require(within(a.comment, in) && within(a.reason, in) && within(a.member, in));
        require(bb_review_state_name(a.state));
        size_t n = bb_review_pack(&a, packed);
        require(n <= sizeof packed && bb_review_unpack(bb_bytes(packed, n), &b) == 0 && a.state == b.state);
    }
    r = bb_review_key_unpack(in, &unit, &sequence);
    sound(r);
    if (r == 0) {
        size_t n = bb_review_key_pack(&unit, sequence, key);
        require(bb_review_key_unpack(bb_bytes(key, n), &again, &other) == 0 && other == sequence);
        require(again.organization == unit.organization && again.indicator == unit.indicator);
        require(bb_period_same(again.period, unit.period));
    }
}

static void
adoption(struct bb_bytes in)
{
    size_t key = in.len < BB_ADOPTION_KEY ? in.len : BB_ADOPTION_KEY;
    struct bb_adoption a;
    int r = bb_adoption_unpack(bb_bytes(in.data, key), bb_bytes(in.data + key, in.len - key), &a);

    sound(r);
    require(r || within(a.member, in));
}

static void
names(struct bb_bytes in)
{
    struct bb_bytes text, details, code;
    uint64_t sequence;
    uint32_t id;
    bool canonical;
    int r = bb_object_unpack(in, &text, &details);

    sound(r);
    require(r || (within(text, in) && within(details, in)));
    sound(bb_name_unpack(in, &id, &canonical));
    r = bb_rule_key_unpack(in, &code, &sequence);
    sound(r);
    require(r || (within(code, in) && code.len > 0 && code.data[code.len - 1] == 0));
}

static void
given(struct bb_bytes in)
{
    struct bb_given_record record;

    sound(bb_given_unpack(in, &record));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct bb_bytes) = {reading,  reading_keys, rollup, review,
                                                     adoption, names,        given};

    if (size > 0)
        kinds[data[0] % (sizeof kinds / sizeof kinds[0])](bb_bytes(data + 1, size - 1));
    return 0;
}
