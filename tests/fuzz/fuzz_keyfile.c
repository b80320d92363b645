/* A key file: whatever stands there, it is read, or refused with a sentence that does not repeat it. */
#include "file.h"

#include "runtime/keyfile.h"

#include <errno.h>

#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct bb_keypair keys = {.public_key = "", .secret_key = ""};
    char error[300] = "";
    int r;

    if (fd < 0)
        fd = file_new("key");
    file_fill(fd, bb_bytes(data, size));
    r = bb_keyfile_read(file_paths[0], &keys, error, sizeof error);
    require(r == 0 || r == -EINVAL || r == -EFBIG);
    require(r == 0 || strncmp(error, file_folder, strlen(file_folder)) == 0);
    require(!strstr(error, SECRET));
    if (r == 0)
        require(bb_key_is_valid(bb_bytes_str(keys.public_key)) &&
                bb_key_is_valid(bb_bytes_str(keys.secret_key)));
    bb_keypair_wipe(&keys);
    return 0;
}
