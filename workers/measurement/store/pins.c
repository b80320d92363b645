/* Pins are few and looked up by every submission that is signed: an array, with a map by organization and
 * key. Whose readings are guarded is asked for every organization that a row names: a bit each. */
#include "pins.h"

#include <errno.h>
#include <stdlib.h>

#define STAFF  1u
#define GUARDS 2u

void
bb_pin_key(uint32_t organization, const uint8_t key[static BB_SIGNATURE_KEY_BYTES],
           uint8_t out[static BB_PIN_KEY])
{
    bb_put_u32(out, organization);
    memcpy(out + 4, key, BB_SIGNATURE_KEY_BYTES);
}

void
bb_pin_pack(const struct bb_pin *pin, uint8_t out[static BB_PIN_PACKED])
{
    out[0] = (uint8_t)pin->state;
    out[1] = (uint8_t)((pin->staff ? STAFF : 0) | (pin->guards ? GUARDS : 0));
    bb_put_u64(out + 2, pin->sequence);
}

int
bb_pin_unpack(struct bb_bytes key, struct bb_bytes record, struct bb_pin *ret_pin)
{
    if (key.len != BB_PIN_KEY || record.len != BB_PIN_PACKED || record.data[0] < BB_SIGNING_STATE_PROPOSED ||
        record.data[0] > BB_SIGNING_STATE_REVOKED)
        return -EBADMSG;
    *ret_pin = (struct bb_pin){
        .organization = bb_get_u32(key.data),
        .state = record.data[0],
        .staff = record.data[1] & STAFF,
        .guards = record.data[1] & GUARDS,
        .sequence = bb_get_u64(record.data + 2),
    };
    memcpy(ret_pin->key, key.data + 4, BB_SIGNATURE_KEY_BYTES);
    return 0;
}

static struct bb_pin *
find(const struct bb_pins *pins, uint32_t organization, const uint8_t key[static BB_SIGNATURE_KEY_BYTES])
{
    uint8_t data[BB_PIN_KEY];
    const struct bb_map_entry *entry;

    bb_pin_key(organization, key, data);
    entry = bb_map_find(&pins->number, bb_bytes(data, sizeof data));
    return entry ? &pins->pin[entry->value] : NULL;
}

const struct bb_pin *
bb_pins_get(const struct bb_pins *pins, uint32_t organization,
            const uint8_t key[static BB_SIGNATURE_KEY_BYTES])
{
    const struct bb_pin *pin = find(pins, organization, key);

    return pin && pin->state != BB_SIGNING_STATE_NONE ? pin : NULL;
}

bool
bb_pins_elsewhere(const struct bb_pins *pins, uint32_t organization,
                  const uint8_t key[static BB_SIGNATURE_KEY_BYTES])
{
    for (uint32_t i = 0; i < pins->count; i++)
        if (pins->pin[i].organization != organization && pins->pin[i].state != BB_SIGNING_STATE_NONE &&
            memcmp(pins->pin[i].key, key, BB_SIGNATURE_KEY_BYTES) == 0)
            return true;
    return false;
}

uint32_t
bb_pins_count(const struct bb_pins *pins, uint32_t organization, enum bb_signing_state state)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < pins->count; i++)
        if (pins->pin[i].organization == organization)
            n += state == BB_SIGNING_STATE_NONE ? pins->pin[i].guards : pins->pin[i].state == state;
    return n;
}

static int
guard(struct bb_pins *pins, uint32_t organization)
{
    uint32_t bytes = organization / 8 + 1;

    if (bytes > pins->guarded_bytes) {
        uint8_t *grown = realloc(pins->guarded, bytes);
        if (!grown)
            return -ENOMEM;
        memset(grown + pins->guarded_bytes, 0, bytes - pins->guarded_bytes);
        pins->guarded = grown;
        pins->guarded_bytes = bytes;
    }
    pins->guarded[organization / 8] |= (uint8_t)(1u << organization % 8);
    return 0;
}

static int
add(struct bb_pins *pins, const struct bb_pin *pin)
{
    uint8_t key[BB_PIN_KEY];
    int r;

    if (pins->count == pins->size) {
        uint32_t size = pins->size ? pins->size * 2 : 16;
        struct bb_pin *grown = realloc(pins->pin, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        pins->pin = grown;
        pins->size = size;
    }
    bb_pin_key(pin->organization, pin->key, key);
    r = bb_map_set(&pins->number, bb_bytes(key, sizeof key), pins->count);
    if (r == 0)
        pins->pin[pins->count++] = *pin;
    return r;
}

int
bb_pins_set(struct bb_pins *pins, const struct bb_pin *pin)
{
    struct bb_pin *known = find(pins, pin->organization, pin->key);
    int r = pin->guards ? guard(pins, pin->organization) : 0;

    if (r != 0)
        return r;
    if (!known)
        return add(pins, pin);
    *known = *pin;
    return 0;
}

int
bb_pins_load(struct bb_pins *pins, const struct bb_views *views)
{
    struct bb_bytes key, record;
    MDB_cursor *cursor = NULL;
    struct bb_pin pin;
    MDB_txn *txn;
    int r = bb_store_begin(views->store, false, &txn);

    *pins = (struct bb_pins){0};
    if (r != 0)
        return r;
    r = bb_cursor_open(txn, views->dbi[BB_VIEW_SIGNING], &cursor);
    while (r == 0) {
        r = bb_cursor_move(cursor, MDB_NEXT, &key, &record);
        if (r == 0)
            r = bb_pin_unpack(key, record, &pin);
        if (r == 0)
            r = bb_pins_set(pins, &pin);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    bb_store_abort(views->store, &txn);
    return r == BB_STORE_E_NOT_FOUND ? 0 : r;
}

void
bb_pins_release(struct bb_pins *pins)
{
    bb_map_release(&pins->number);
    free(pins->pin);
    free(pins->guarded);
    *pins = (struct bb_pins){0};
}
