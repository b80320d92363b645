/* Room on the disk that is kept for who has to act when there is none: to revoke a key, to disable an
 * organization.
 *
 * A file beside the audit log, BB_RESERVE_BYTES of which are really there. When there is no room for an
 * entry, or for a file of the registry, of staff or an operator, it is given up, and made again when there is
 * room. Nobody else gets at it, so nobody else can use it up. Single-threaded. */
#ifndef BB_BROKER_RESERVE_H
#define BB_BROKER_RESERVE_H

#include "settings.h"

#define BB_RESERVE_BYTES (1 << 20)

struct bb_reserve {
    char file[BB_SETTINGS_PATH + sizeof ".reserve"];
    bool is_there;
};

/* Beside this file. It need not be possible. */
void bb_reserve_open(struct bb_reserve *reserve, const char *beside);
/* Make it, if it is not there. 0 | -errno */
int bb_reserve_make(struct bb_reserve *reserve);
/* Give it up. False: it was not there. */
bool bb_reserve_give_up(struct bb_reserve *reserve);

#endif
