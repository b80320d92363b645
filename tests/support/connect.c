#include "connect.h"

bool
connect_option(int option, const char *value, struct bb_client_options *options)
{
    switch (option) {
    case 'e':
        options->endpoint = value;
        return true;
    case 's':
        options->server_key = value;
        return true;
    case 'k':
        options->key_file = value;
        return true;
    default:
        return false;
    }
}
