#include "folders.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int
bb_folders_make(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int r = mkdir(path, 0700);
        *slash = '/';
        if (r != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}
