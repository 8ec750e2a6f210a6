// What the core expects of a hardware layer beyond py/mphal.h. The functions are written in Rust.
#ifndef MPR_MPHALPORT_H
#define MPR_MPHALPORT_H

#include "py/obj.h"

#define mp_hal_pin_obj_t mp_obj_t

void mp_hal_set_interrupt_char(int c);

#endif
