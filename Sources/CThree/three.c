#include "CThree.h"

#define CTHREE_FILE "/usr/share/javascript/three/three.min.js"

#if !__has_include(CTHREE_FILE)
#error "three.js is missing at /usr/share/javascript/three: install Debian's libjs-three ('make packages')"
#endif

// The assembler reads the file; a literal of its 0.8 MB would take the compiler minutes.
__asm__(
    ".section .rodata\n"
    ".global cthree_start\n"
    ".hidden cthree_start\n"
    "cthree_start:\n"
    ".incbin \"" CTHREE_FILE "\"\n"
    ".global cthree_end\n"
    ".hidden cthree_end\n"
    "cthree_end:\n"
    ".byte 0\n"
    ".previous\n");

extern const char cthree_start[];
extern const char cthree_end[];

const char *cthree_text(void) { return cthree_start; }

size_t cthree_size(void) { return (size_t)(cthree_end - cthree_start); }
