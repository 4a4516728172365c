int motionc_blas_placeholder(void) { return 0; }
