extern "C" int motionc_urdf_placeholder(void) { return 0; }
