int motionc_blas_placeholder(void);
