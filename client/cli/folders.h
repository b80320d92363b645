/* Folders of our own below the user's. */
#ifndef BB_CLI_FOLDERS_H
#define BB_CLI_FOLDERS_H

/* Make those that the path has in front of its last name, for their owner alone. 0 | -errno */
int bb_folders_make(char *path);

#endif
