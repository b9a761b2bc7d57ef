#include "cpocketmodel.h"

// Clang puts an embedded file into the object as it is; an array written out in Swift or C would take minutes to compile.
#pragma clang diagnostic ignored "-Wc23-extensions"
static const _Alignas(4096) unsigned char bytes[] = {
#embed "../../Extras/models/pocket/pocket.gguf"
};

const unsigned char *const pocket_model_bytes = bytes;
const size_t pocket_model_byte_count = sizeof bytes;
