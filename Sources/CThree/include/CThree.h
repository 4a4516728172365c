#ifndef CTHREE_H
#define CTHREE_H

#include <stddef.h>

/// The text of three.js (MIT licence), as Debian's libjs-three has it, embedded at build time.
const char *cthree_text(void);
/// Its length in bytes.
size_t cthree_size(void);

#endif
