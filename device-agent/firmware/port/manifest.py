# Modules frozen into the firmware.
freeze("$(PORT_DIR)/modules")
