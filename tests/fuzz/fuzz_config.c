/* Configuration files: whatever stands there, the file is read, or refused with its name and a line; what was
 * read is printed as a file that reads as the same; and what it says is judged with a sentence. */
#include "file.h"

#include "broker/settings.h"

#include <errno.h>

static char *
print(const struct bb_settings *settings)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    require(to);
    bb_config_print(bb_settings_table, settings, to);
    require(fclose(to) == 0);
    return text;
}

/* The first line of an error names the file; a text of ours is not longer than its place. */
static void
check_error(const char *error, size_t size)
{
    require(*error && strlen(error) < size);
    require(strncmp(error, file_folder, strlen(file_folder)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct bb_settings settings, again;
    char error[300], *first, *second;
    int r;

    if (fd < 0)
        fd = file_new("broker.conf");
    file_fill(fd, bb_bytes(data, size));
    r = bb_config_load(bb_settings_table, file_paths[0], &settings, error, sizeof error);
    require(r == 0 || r == -EINVAL);
    if (r < 0) {
        check_error(error, sizeof error);
        return 0;
    }
    first = print(&settings);
    file_fill(fd, bb_bytes_str(first));
    r = bb_config_load(bb_settings_table, file_paths[0], &again, error, sizeof error);
    require(r == 0);
    second = print(&again);
    require(strcmp(first, second) == 0);
    free(first);
    free(second);
    r = bb_settings_check(&settings, error, sizeof error);
    require(r == 0 || (r == -EINVAL && *error));
    bb_config_release(bb_settings_table, &settings);
    bb_config_release(bb_settings_table, &again);
    return 0;
}
