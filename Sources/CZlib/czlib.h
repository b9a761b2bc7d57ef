#ifndef CZLIB_H
#define CZLIB_H
#include <zlib.h>

/* Prepares a stream for raw deflate data, as zip files hold it. inflateInit2 is a macro, which Swift doesn't see. */
static inline int czlib_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

/* The same for gzip files: header and checksum are zlib's business. */
static inline int czlib_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, MAX_WBITS + 16); }

#endif
