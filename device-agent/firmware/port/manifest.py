# Modules frozen into the firmware.
freeze("$(PORT_DIR)/modules")
# What moves files; other boards are sent it.
freeze("$(PORT_DIR)/../../agent", "mpr_agent.py")
