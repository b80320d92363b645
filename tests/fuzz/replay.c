/* Runs a fuzz target on the files of a folder, and on each prefix of them: truncation is what decoders get
 * wrong most often. Of those that libFuzzer found (found-*), which are many, a few prefixes do. Each input
 * stands in memory of exactly its size, so that the sanitizers see a read beyond its end. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>

#define LARGEST  ((size_t)1 << 20)
#define PREFIXES 8 /* of what was found */

static void
run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);

    require(exact != NULL);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int
replay_file(const char *path, bool found)
{
    static uint8_t data[LARGEST];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        perror(path);
        return -errno;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t len = size > 4096 ? size : 0; len < size; len += found ? size / PREFIXES + 1 : 1)
        run(data, len);
    run(data, size);
    return 0;
}

int
main(int argc, char **argv)
{
    struct dirent **entries;
    int n, files = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 64;
    }
    n = scandir(argv[1], &entries, NULL, alphasort);
    if (n < 0) {
        perror(argv[1]);
        return 66;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            files++;
            if (replay_file(path, strncmp(entries[i]->d_name, "found-", 6) == 0) < 0)
                return 66;
        }
        free(entries[i]);
    }
    free(entries);
    if (fuzz_all)
        fuzz_all();
    printf("%d files and their prefixes\n", files);
    return files > 0 ? 0 : 66;
}
