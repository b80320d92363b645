#include "package_file.h"

#include "cli.h"

#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL_NAME "datapackage.json"

/* The folder of a file, links followed; NULL and errno. */
static char *
folder_of(const char *file)
{
    char *copy = strdup(file), *folder = copy ? realpath(dirname(copy), NULL) : NULL;
    int error = errno;

    free(copy);
    errno = error;
    return folder;
}

/* The last part of a name; borrowed from it. */
static const char *
last_of(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}

static char *
beside(const char *file)
{
    char *name = NULL;

    return asprintf(&name, "%.*s" USUAL_NAME, (int)(last_of(file) - file), file) < 0 ? NULL : name;
}

static int
check_folder(const char *file, const char *name)
{
    char *of_file = folder_of(file), *of_package = folder_of(name);
    int code = 0;

    if (!of_file || !of_package) {
        bb_cli_error("%s: %s", of_file ? name : file, strerror(errno));
        code = EX_CANTCREAT;
    } else if (strcmp(of_file, of_package) != 0) {
        bb_cli_error("--datapackage %s: expected a file in the folder of %s", name, file);
        code = EX_USAGE;
    } else if (bb_target_is_same(file, name)) {
        bb_cli_error("%s: found for the readings and their data package, expected two files", name);
        code = EX_USAGE;
    }
    free(of_file);
    free(of_package);
    return code;
}

/* Is it one that an export of this file wrote? */
static bool
is_of_file(const char *name, const char *file)
{
    json_t *package = json_load_file(name, 0, NULL);
    const json_t *resources = json_object_get(package, "resources");
    const char *path = json_string_value(json_object_get(json_array_get(resources, 0), "path"));
    bool is = json_object_get(package, "backbone") && json_array_size(resources) == 1 && path &&
              strcmp(path, last_of(file)) == 0;

    json_decref(package);
    return is;
}

/* datapackage.json beside the file; where that is of another file, one with the name of this one in front.
 * NULL without memory. */
static char *
usual_name(const char *file)
{
    char *name = beside(file), *own = NULL;

    if (!name || access(name, F_OK) != 0 || is_of_file(name, file))
        return name;
    if (asprintf(&own, "%s." USUAL_NAME, file) < 0)
        own = NULL;
    if (own)
        bb_cli_say("%s is not that of %s, and stays: the data package is %s", name, file, own);
    free(name);
    return own;
}

int
bb_package_file_open(const char *file, const char *asked, struct bb_package_file *ret_package)
{
    int code, r;

    ret_package->name = asked ? strdup(asked) : usual_name(file);
    if (!ret_package->name) {
        bb_cli_error("%s", strerror(ENOMEM));
        return EX_OSERR;
    }
    code = check_folder(file, ret_package->name);
    if (code != 0)
        return code;
    r = bb_target_open(ret_package->name, &ret_package->target);
    if (r < 0)
        bb_cli_error("%s: %s", ret_package->name, strerror(-r));
    return r < 0 ? EX_CANTCREAT : 0;
}

int
bb_package_file_write(struct bb_package_file *package, const char *file, struct bb_package *content)
{
    struct bb_buffer text;
    int r;

    if (!package->target.to)
        return 0;
    content->path = last_of(file);
    bb_buffer_init(&text, SIZE_MAX);
    bb_package_write(content, &text);
    r = text.error;
    errno = 0;
    if (r == 0 &&
        (fwrite(text.data, 1, text.len, package->target.to) != text.len || fflush(package->target.to) != 0))
        r = errno ? -errno : -EIO;
    bb_buffer_release(&text);
    return r;
}

int
bb_package_file_close(struct bb_package_file *package, bool keep)
{
    int r = bb_target_close(&package->target, keep);

    free(package->name);
    package->name = NULL;
    return r;
}
