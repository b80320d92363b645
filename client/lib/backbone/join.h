/* Joining: a key of our own is let in by an invitation. */
#ifndef BACKBONE_JOIN_H
#define BACKBONE_JOIN_H

#include "onboarding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of an invitation, as 16 hexadecimal digits, which is no secret: who keeps keys may name files by it.
 * 0 | BB_CONFIGURATION it is none, explained at `error` (at most `size` bytes) */
BB_API int bb_invitation_id(const char *invitation, char ret_id[2 * BB_INVITATION_ID + 1], char *error,
                            size_t size);

struct bb_join_options {
    const char *invitation; /* as it was received; white space is left out */
    const char *key_file;   /* made if it is not there; its key is the one that is let in */
    uint32_t timeout_ms;    /* 0: 15,000 */
};

struct bb_joined {
    bool pending; /* staff have to approve it: compare the fingerprint with them, then ask again */
    char organization[129];
    char name[301];
    char member[129];
    char role[16];
    char endpoint[256]; /* where to connect from now on */
    char server_key[BB_KEY_TEXT];
    char public_key[BB_KEY_TEXT]; /* ours */
};

/* Make the key if need be, and have it let in. It may be interrupted anywhere and be asked again, with the
 * same invitation and key file: the answer is the same, as long as the invitation is valid. Blocks. 0 |
 * BB_CONFIGURATION the invitation is none, or the key file cannot be used | BB_UNREACHABLE | BB_TIMED_OUT |
 * BB_NOT_ALLOWED the broker refuses (expired, used with another key, altered), or has another key than the
 * invitation says | BB_FAILED | -errno; with a sentence for people at `error` (at most `size` bytes) */
BB_API int bb_join(const struct bb_join_options *options, struct bb_joined *ret_joined, char *error,
                   size_t size);

#ifdef __cplusplus
}
#endif

#endif
