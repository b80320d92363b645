/* The data package beside an exported file: where it goes, and that it is there only together with the file.
 */
#ifndef BB_CLI_PACKAGE_FILE_H
#define BB_CLI_PACKAGE_FILE_H

#include "target.h"

#include "client/formats/write/datapackage.h"

struct bb_package_file {
    char *name; /* NULL: there is none */
    struct bb_target target;
};

/* For a file that is written: asked is what --datapackage says, or NULL: datapackage.json beside the file. It
 * stands in the folder of the file. What is there of that name and describes another file is replaced only
 * where it is asked for; else the package is FILE.datapackage.json, which is said.
 * 0 | an exit code, the reason said */
int bb_package_file_open(const char *file, const char *asked, struct bb_package_file *ret_package);

/* Write it: of the file of this name. 0 | -errno */
int bb_package_file_write(struct bb_package_file *package, const char *file, struct bb_package *content);

/* The end of it, once the file is there, or not. 0 | -errno */
int bb_package_file_close(struct bb_package_file *package, bool keep);

#endif
