#ifndef CPOCKETMODEL_H
#define CPOCKETMODEL_H

#include <stddef.h>

/// The bytes of Extras/models/pocket/pocket.gguf, at a multiple of 64 as packed weights want to lie; constant.
extern const unsigned char *_Nonnull const pocket_model_bytes;

/// How many bytes there are.
extern const size_t pocket_model_byte_count;

#endif
