int motionc_urdf_placeholder(void);
