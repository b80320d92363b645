#include "backbone.h"

#include "runtime/keyfile.h"

#include <errno.h>
#include <sodium.h>

int
bb_key_new(const char *file, char ret_public[BB_KEY_TEXT])
{
    struct bb_keypair keys;
    char error[256];
    int r;

    if (sodium_init() < 0)
        return -EIO;
    r = bb_keyfile_new(file, &keys, error, sizeof error);
    if (r < 0)
        return r;
    memcpy(ret_public, keys.public_key, BB_KEY_TEXT);
    bb_keypair_wipe(&keys);
    return 0;
}
