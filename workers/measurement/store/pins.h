/* Pins: the keys that organizations sign with, as the journal says.
 *
 * A key is proposed, pinned or revoked, for one organization. An organization that has had a pinned key is
 * guarded from then on, also when its last one is revoked: what is said of its readings has to be signed. A
 * revoked key never comes back. Nothing here depends on what the broker says of an organization but its code,
 * which leads to the same one for ever. */
#ifndef BB_PINS_H
#define BB_PINS_H

#include "views.h"

#include "runtime/signature.h"
#include "runtime/store/map.h"

#define BB_PINS_OF_ONE 8u   /* pinned keys of an organization; proposed ones likewise */
#define BB_PINS_EVER   256u /* keys of an organization that are or were pinned */

struct bb_pin {
    uint32_t organization;
    uint8_t key[BB_SIGNATURE_KEY_BYTES];
    enum bb_signing_state state;
    bool staff;        /* it may sign for every organization, and speak of their keys */
    bool guards;       /* it is pinned, or has been */
    uint64_t sequence; /* of the entry that made it so */
};

/* In the view `signing`: organization (4) | key (32) -> state (1) | flags (1) | sequence (8). */
#define BB_PIN_KEY    (4 + BB_SIGNATURE_KEY_BYTES)
#define BB_PIN_PACKED (1 + 1 + 8)

void bb_pin_key(uint32_t organization, const uint8_t key[static BB_SIGNATURE_KEY_BYTES],
                uint8_t out[static BB_PIN_KEY]);
void bb_pin_pack(const struct bb_pin *pin, uint8_t out[static BB_PIN_PACKED]);
/* 0 | -EBADMSG */
int bb_pin_unpack(struct bb_bytes key, struct bb_bytes record, struct bb_pin *ret_pin);

/* What holds, for the writer. Those that were forgotten leave a place behind, with the state NONE. */
struct bb_pins {
    struct bb_map number; /* organization | key -> number in the array */
    struct bb_pin *pin;
    uint32_t count, size;
    uint8_t *guarded; /* by organization, a bit each */
    uint32_t guarded_bytes;
};

/* From the view. 0 | -ENOMEM | -EBADMSG */
int bb_pins_load(struct bb_pins *pins, const struct bb_views *views);
void bb_pins_release(struct bb_pins *pins);

/* NULL: nothing is known of it. Valid until the next set. */
const struct bb_pin *bb_pins_get(const struct bb_pins *pins, uint32_t organization,
                                 const uint8_t key[static BB_SIGNATURE_KEY_BYTES]);
/* Is the key anything of another organization's? */
bool bb_pins_elsewhere(const struct bb_pins *pins, uint32_t organization,
                       const uint8_t key[static BB_SIGNATURE_KEY_BYTES]);
/* How many keys of an organization are in this state; NONE: are or were pinned. */
uint32_t bb_pins_count(const struct bb_pins *pins, uint32_t organization, enum bb_signing_state state);
/* 0 | -ENOMEM */
int bb_pins_set(struct bb_pins *pins, const struct bb_pin *pin);

/* Has what is said of its readings to be signed? */
static inline bool
bb_pins_guard(const struct bb_pins *pins, uint32_t organization)
{
    return organization / 8 < pins->guarded_bytes && pins->guarded[organization / 8] & 1u << organization % 8;
}

#endif
