/* An encoding of one byte a character that expat does not know by itself: windows-1252. */
#ifndef BB_FORMATS_XML_ENCODING_H
#define BB_FORMATS_XML_ENCODING_H

#include <expat.h>

#define BB_XML_ENCODINGS "UTF-8, UTF-16, ISO-8859-1, US-ASCII or windows-1252"

/* For XML_SetUnknownEncodingHandler(). */
int bb_xml_encoding(void *self, const XML_Char *name, XML_Encoding *ret_encoding);

#endif
