/* The messages, by number: text that looks like English to a compressor, each another, the same for all
 * peers.
 */
#ifndef FANOUT_TEXT_H
#define FANOUT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define FANOUT_TEXT_BYTES 200u

/* Once, before the others. */
void fanout_text_init(void);

/* Message `number`: it begins with its number in ten digits. */
void fanout_text(uint64_t number, char ret_text[static FANOUT_TEXT_BYTES]);

/* The number of a message; UINT64_MAX when this is none. */
uint64_t fanout_text_number(const uint8_t *text, size_t len);

#endif
