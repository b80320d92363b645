/* Writing a message to the log, whoever it comes from: a member, or the service itself. */
#ifndef BB_POST_H
#define BB_POST_H

#include "communication_core.h"

#include "communication.pb-c.h"

#define BB_SERVICE_AUTHOR "communication" /* organization and member of what the service writes */

/* Is a message of this kind of the service itself, not of a member? */
static inline bool
bb_post_is_of_service(uint32_t kind)
{
    return kind == BB__MESSAGE_KIND__UPDATE || kind == BB__MESSAGE_KIND__NOTICE;
}

struct bb_posting {
    /* Everything but sequence and time, which are filled in, and what view.h writes, which stays empty. Its
     * id is 16 bytes; organization is the author's code. Texts are valid, none longer than limits.h says. */
    Bb__Message *message;
    const struct bb_channel *channel;
    size_t n_channels;    /* 1 to BB_LIMIT_AUDIENCE, all different */
    uint32_t ack_day;     /* calendar.h; 0: none */
    uint32_t expires_day; /* 0: none */
    const uint8_t *hash;  /* BB_CONTENT_HASH bytes: a repeat of the id is compared with it; NULL: zeros */
    uint32_t recipients;  /* for the answer to a repeat */
};

/* Append it in this round. Somebody looked before that its id is not known. 0 | <0 */
int bb_post(struct bb_communication *c, const struct bb_posting *posting, uint64_t *ret_sequence);

/* Is there room on the disk for messages of the service? Also when that cannot be found out. */
bool bb_post_may(struct bb_communication *c);

/* ... and for those of members? When there is not, the answer is staged. 0 | 1 answered | <0 */
int bb_post_has_room(struct bb_communication *c, const struct bb_call *call);

/* What a repeat is compared with: BLAKE2b of method, organization and content. */
void bb_post_hash(uint32_t method, struct bb_bytes organization, struct bb_bytes content,
                  uint8_t out[static BB_CONTENT_HASH]);

#endif
